import { resolve } from 'node:path';
import proxyAddress from '@fastify/proxy-addr';
import { z } from 'zod';
import { AllowList } from './outbound/allow-list.ts';

const flag = z
  .enum(['0', '1', 'true', 'false'], 'must be 0, 1, true or false')
  .transform((value) => value === '1' || value === 'true');

const number = (minimum: number, message: string) => z.coerce.number(message).min(minimum, message);

const whole = (minimum: number, message: string) => number(minimum, message).int(message);

const PORT_RULE = 'must be a whole number from 0 to 65535';

const port = whole(0, PORT_RULE).max(65_535, PORT_RULE);

const IDLE_RULE = 'must be a number of seconds from 0.1 to 86400';

const GRACE_RULE = 'must be a number of seconds from 1 to 3600';
const SAMPLER_RULE = 'must be a number from 0 to 1';
const LIVE_RULE = 'must be a number of seconds from 1 to 86400';
const TOKENS_RULE = 'must be a whole number of tokens, at least 1000';

const BYTES_RULE = 'must be a whole number of bytes, at least 1';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/** Also those of apps, such as `capacitor://localhost`. */
const ORIGIN = /^(\*|[a-z][a-z\d+.-]*:\/\/[^/?#\s]+)$/;

const trustedProxies = z
  .string()
  .default('')
  .transform((value) => value.split(',').flatMap((part) => part.trim() || []))
  .refine((list) => {
    try {
      return list.length === 0 || Boolean(proxyAddress.compile(list));
    } catch {
      return false;
    }
  }, 'must be a list of addresses or networks, such as 10.0.0.0/8, or loopback');

const list = (value: string) => value.split(',').flatMap((part) => part.trim().toLowerCase() || []);

const ALLOW_RULE = 'must be a list of names, addresses and CIDR ranges, such as *.corp.example,10.1.0.0/16';

const outboundAllow = z
  .string()
  .default('')
  .transform((value, context) => {
    const allowed = new AllowList();
    const bad = list(value).find((entry) => !allowed.add(entry));
    if (bad !== undefined) context.addIssue({ code: 'custom', message: `${ALLOW_RULE}: ${bad} is none` });
    return allowed;
  });

const PORTS_RULE = 'must be a list of ports, such as 80,443';

const ports = z
  .string()
  .default('80,443')
  .transform((value) => list(value).map(Number))
  .refine((all) => all.every((one) => Number.isInteger(one) && one > 0 && one < 65_536), PORTS_RULE);

const origins = z
  .string()
  .default('')
  .transform((value) => value.split(',').flatMap((part) => part.trim().toLowerCase().replace(/\/$/, '') || []))
  .refine(
    (list) => list.every((origin) => ORIGIN.test(origin)),
    'must be a list of origins, such as https://app.example',
  );

const optionalUrl = (protocols: string[]) =>
  z
    .string()
    .refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
      message: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    })
    .optional();

const http = ['http:', 'https:'];

const schema = z.object({
  /** Where the gateway listens; 0 takes any free port. */
  PORT: port.default(4000),
  HOST: z.string().default('0.0.0.0'),
  /** How browsers reach this server, where that is not http://localhost:PORT. */
  PUBLIC_URL: optionalUrl(http),
  PARLEY_DATA: z
    .string()
    .default('.parley')
    .transform((folder) => resolve(folder)),
  /** Where uploaded files lie, where that is not the data folder. Processes on one machine can share it. */
  PARLEY_FILES: z
    .string()
    .optional()
    .transform((folder) => (folder === undefined ? undefined : resolve(folder))),
  /** A bucket for the files in place of a folder: `https://s3.eu-central-1.amazonaws.com/my-bucket`. */
  S3_BUCKET_URL: optionalUrl(http),
  S3_REGION: z.string().default('auto'),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  /** The longest file that is taken, in bytes, and all that an organization may keep. */
  UPLOAD_MAX_BYTES: whole(1, BYTES_RULE).default(50 * 1024 * 1024),
  UPLOAD_QUOTA_BYTES: whole(1, BYTES_RULE).default(20 * 1024 * 1024 * 1024),
  /** An upload that brings next to nothing for so long is given up, in seconds. */
  UPLOAD_STALL_SECONDS: number(0.1, 'must be a number of seconds, at least 0.1').default(20),
  PARLEY_OWNER_EMAIL: z.email('must be an e-mail address').optional(),
  PARLEY_OWNER_PASSWORD: z.string().min(8, 'must have at least 8 characters').optional(),
  /** One secret that all processes share; without it each data folder has its own. */
  PARLEY_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
  DATABASE_URL: optionalUrl(['postgres:', 'postgresql:']),
  REDIS_URL: optionalUrl(['redis:', 'rediss:']),
  GEMINI_API_KEY: z.string().optional(),
  GEMINI_BASE_URL: optionalUrl(http),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: optionalUrl(http),
  /** How long a model may be silent before its answer is given up, in seconds: some think for long before they begin. */
  MODEL_IDLE_TIMEOUT_SECONDS: number(0.1, IDLE_RULE).max(86_400, IDLE_RULE).default(120),
  /** How much of a conversation a model is sent at most, in tokens, whatever it takes. What is older is folded into a summary. */
  CONTEXT_TOKENS: whole(1_000, TOKENS_RULE).default(100_000),
  /** What a model takes of which neither its provider nor Parley knows it, in tokens. */
  MODEL_WINDOW_TOKENS: whole(1_000, TOKENS_RULE).default(32_768),
  /** A live session in which nobody says anything ends after so many seconds, any after so many in all. */
  LIVE_IDLE_SECONDS: number(1, LIVE_RULE).max(86_400, LIVE_RULE).default(300),
  LIVE_TOTAL_SECONDS: number(1, LIVE_RULE).max(86_400, LIVE_RULE).default(3_600),
  /** Live sessions that an organization has at once at most. */
  LIVE_SESSIONS_PER_ORG: whole(1, 'must be a whole number of at least 1').default(20),
  /**
   * How long what is being done may go on while the process stops. Replies that are being written have half of it to end;
   * then they are put down, to go on elsewhere or at the next start.
   */
  SHUTDOWN_GRACE_SECONDS: number(1, GRACE_RULE).max(3_600, GRACE_RULE).default(15),
  /** Origins beside the server's own whose pages may open WebSockets and take part in OAuth log-ins. */
  ALLOWED_ORIGINS: origins,
  /** What one answer may have, over HTTP or as one event of a stream, in bytes. */
  MAX_RESPONSE_BYTES: whole(1_024, 'must be a whole number of bytes, at least 1024').default(16 * 1024 * 1024),
  /** Proxies before the gateway whose `X-Forwarded-For` is believed; anybody else could write there what they like. */
  TRUSTED_PROXIES: trustedProxies,
  /** Whoever shows it may read `/metrics` from everywhere; without it only this machine may. */
  METRICS_TOKEN: z
    .string()
    .regex(/^\S{16,}$/, 'must have at least 16 characters and no spaces')
    .optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  LOG_PRETTY: flag.optional(),
  /** Where traces and metrics are sent by OTLP over HTTP, without the path of a signal. Without it nothing is sent. */
  OTEL_EXPORTER_OTLP_ENDPOINT: optionalUrl(http),
  OTEL_SERVICE_NAME: z.string().min(1).max(200).default('parley'),
  /** The part of the traces that are kept, where whoever calls has not decided it. */
  OTEL_TRACES_SAMPLER_ARG: number(0, SAMPLER_RULE).max(1, SAMPLER_RULE).default(1),
  /** How often metrics are sent, in milliseconds. */
  OTEL_METRIC_EXPORT_INTERVAL: whole(100, 'must be a whole number of milliseconds, at least 100').default(60_000),
  /** What one caller may send: this many requests in a burst, given back over ten seconds. */
  RATE_LIMIT_REQUESTS: whole(1, 'must be a whole number of at least 1').default(1_000),
  /** What one caller may have answered within ten seconds, in points: about the fields of the answers, see the gateway's README. */
  RATE_LIMIT_COST: whole(10_000, 'must be a whole number of at least 10,000, which one operation may cost').default(
    100_000,
  ),
  /** How long a client may read nothing of what waits for it before its socket is closed, in seconds. */
  SLOW_READER_SECONDS: number(1, 'must be a number of seconds, at least 1').default(30),
  /** Where this process can be reached by the others, when its role is run alone. The port has its health and metrics too. */
  PARLEY_INTERNAL_URL: optionalUrl(http),
  PARLEY_INTERNAL_PORT: port.default(0),
  /** Events of streams are kept this long, in days; a client that was away longer is told to load anew. */
  STREAM_RETENTION_DAYS: number(0.001, 'must be a number of days, at least 0.001').default(30),
  /** Names (`*.corp.example`), addresses and CIDR ranges that agents may reach although they are not of the open internet. */
  OUTBOUND_ALLOW: outboundAllow,
  /** Which ports agents may reach on the open internet. */
  OUTBOUND_PORTS: ports,
  /** How long before a webhook that failed is tried again, in seconds: four times as long before each further try. */
  WEBHOOK_RETRY_SECONDS: number(0.05, 'must be a number of seconds, at least 0.05').default(5),
  /** How often a webhook is tried in all. */
  WEBHOOK_TRIES: whole(1, 'must be a whole number of at least 1').default(8),
  /** What no organization may go below when it sets for how long it keeps messages. */
  MIN_RETENTION_DAYS: whole(1, 'must be a whole number of days from 1').default(7),
  OIDC_ISSUER: optionalUrl(http),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_LABEL: z.string().default('Single sign-on'),
  GITHUB_CLIENT_ID: z.string().optional(),
  GITHUB_CLIENT_SECRET: z.string().optional(),
  /** For GitHub Enterprise Server; both default to github.com. */
  GITHUB_BASE_URL: optionalUrl(http),
  GITHUB_API_URL: optionalUrl(http),
  GOOGLE_CLIENT_ID: z.string().optional(),
  GOOGLE_CLIENT_SECRET: z.string().optional(),
  GOOGLE_ISSUER: optionalUrl(http),
});

/** The settings of this process, checked. Read once, at its start. */
export type Environment = z.output<typeof schema>;

/**
 * Reads the settings from environment variables; an empty one counts as unset.
 * @returns the settings, or sentences that name each bad variable and what it must be.
 */
export function readEnvironment(
  variables: Record<string, string | undefined>,
): { environment: Environment } | { problems: string[] } {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(given);
  if (result.success) return { environment: result.data };
  return {
    problems: result.error.issues.map((issue) => {
      const detail = issue.message.startsWith('must') ? issue.message : `is not valid: ${issue.message}`;
      return `${String(issue.path[0])} ${detail}.`;
    }),
  };
}
