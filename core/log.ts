import { trace } from '@opentelemetry/api';
import { type Logger, pino } from 'pino';

export type { Logger };

export interface LogOptions {
  level: string;
  /** Coloured lines for a person instead of JSON for a machine. */
  pretty: boolean;
}

/** Names of fields that never reach a log, wherever in an object they stand up to three levels deep. */
const SECRET_FIELDS = [
  'password',
  'passwordHash',
  'secret',
  'token',
  'accessToken',
  'refreshToken',
  'apiKey',
  'authorization',
  'cookie',
];

/** The structured log of one process: JSON lines on standard output, secrets cut out. */
export function createLog({ level, pretty }: LogOptions): Logger {
  return pino({
    level,
    base: { pid: process.pid },
    mixin: traceFields,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '[secret]',
    },
    ...(pretty && {
      transport: {
        target: 'pino-pretty',
        options: { ignore: 'pid', translateTime: 'SYS:HH:MM:ss.l', singleLine: true },
      },
    }),
  });
}

/** What a line has to do with, where traces are exported. */
function traceFields(): object {
  const { traceId, spanId } = trace.getActiveSpan()?.spanContext() ?? {};
  return traceId ? { trace_id: traceId, span_id: spanId } : {};
}

/** A log for a library that calls its own doings information: they are for whoever looks for a fault. */
export function libraryLog(log: Logger): Logger {
  const quiet = log.child({});
  quiet.info = quiet.debug;
  return quiet;
}
