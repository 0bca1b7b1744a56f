import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { GraphQLError } from 'graphql';
import { ParleyError } from '#core/error';

export interface SpanOptions {
  /** Who is on the other side: `SERVER` for what was asked of this process, `CLIENT` for what it asks. Default `INTERNAL`. */
  kind?: SpanKind;
  /** Names of OpenTelemetry's semantic conventions, or below `parley.`. Never what people or models wrote. */
  attributes?: Attributes;
  /** What it belongs to, as a `traceparent` that came from elsewhere. Without it, to what is under way here. */
  parent?: string | null | undefined;
}

const TRACER = 'parley';

/**
 * Does work as a span of a trace. Where nothing is exported this costs next to nothing. A failure is told by its code
 * alone: words may be a person's.
 */
export function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const { kind = SpanKind.INTERNAL, attributes = {} } = options;
  const parent = contextOf(options.parent);
  return trace.getTracer(TRACER).startActiveSpan(name, { kind, attributes }, parent, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** A span that is begun here and ended by whoever holds it. Null where nobody would see it. */
export function beginSpan(name: string, { kind = SpanKind.INTERNAL, attributes = {} }: SpanOptions): Span | null {
  const span = trace.getTracer(TRACER).startSpan(name, { kind, attributes });
  return span.isRecording() ? span : null;
}

/** Marks a span as failed, with the code of the error, or what kind it is. */
export function failSpan(span: Span, error: unknown): void {
  span.setAttribute('error.type', codeOf(error));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** What is under way here, for a process that goes on with it; null where nothing is traced. */
export function currentTraceparent(): string | null {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent ?? null;
}

/** What tells another process of Parley what its work belongs to. */
export function traceHeaders(): Record<string, string> {
  const traceparent = currentTraceparent();
  return traceparent ? { traceparent } : {};
}

/** Does work as part of what the headers of another process name. */
export function inTraceOf<T>(headers: Record<string, unknown>, work: () => T): T {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? context.with(contextOf(traceparent), work) : work();
}

/** Below a span that nobody records, none is recorded. */
const NOWHERE = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: 'f'.repeat(32),
  spanId: 'f'.repeat(16),
  traceFlags: TraceFlags.NONE,
});

/** Does work that belongs to no trace: what is done for each event of each subscriber would fill them. */
export const untraced = <T>(work: () => T): T => context.with(NOWHERE, work);

/**
 * Where it is of the trace that is under way here already, it goes below what is under way: a job that was started by
 * the request that its row names.
 */
function contextOf(traceparent: string | null | undefined) {
  if (!traceparent) return context.active();
  const remote = propagation.extract(ROOT_CONTEXT, { traceparent });
  const here = trace.getSpanContext(context.active())?.traceId;
  return here !== undefined && here === trace.getSpanContext(remote)?.traceId ? context.active() : remote;
}

function codeOf(error: unknown): string {
  if (error instanceof ParleyError || error instanceof GraphQLError) return String(error.extensions.code ?? 'INTERNAL');
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}
