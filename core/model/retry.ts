import { setTimeout as sleep } from 'node:timers/promises';
import { traceModel } from '#core/telemetry/model-span';
import { guardStream } from './idle-timeout.ts';
import type { ModelChunk, ModelProvider, ModelRequest, StreamOptions } from './model.port.ts';
import { isModelError, type ModelError } from './model-error.ts';

export interface RetryPolicy {
  /** Calls in all, the first one included. */
  attempts: number;
  /** The upper bound of the first wait, in ms; it doubles with each further one. */
  baseDelayMs: number;
  /** The longest wait that Parley chooses for itself, in ms. */
  maxDelayMs: number;
  /** The longest wait that a provider's `Retry-After` may impose, in ms. */
  maxRetryAfterMs: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  attempts: 3,
  baseDelayMs: 500,
  maxDelayMs: 8_000,
  maxRetryAfterMs: 30_000,
};

/** One failed attempt that is about to be made again. */
export interface RetryNotice {
  /** The attempt that failed, from 1. */
  attempt: number;
  /** How long the next one waits, in ms. */
  delayMs: number;
  /** Its `usage`, where there is one, may be billed by the provider and is not in the stream. */
  error: ModelError;
}

export interface RetryOptions extends StreamOptions {
  /** What it leaves out is as in `DEFAULT_RETRY_POLICY`. */
  policy?: Partial<RetryPolicy>;
  onRetry?: (notice: RetryNotice) => void;
}

/**
 * How long to wait after a failed attempt, in ms: what the provider said, up to the policy's cap; else exponential
 * backoff with full jitter, which spreads out callers that failed together.
 * @param attempt The attempt that failed, from 1.
 * @param random From 0 up to, but not including, 1.
 */
export function backoffMs(attempt: number, policy: RetryPolicy, random: number, retryAfterMs?: number): number {
  if (retryAfterMs !== undefined) return Math.min(retryAfterMs, policy.maxRetryAfterMs);
  return Math.floor(random * Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1)));
}

/**
 * Streams, and tries again while nothing has been shown: once a chunk is out, a failure is the caller's to handle, who
 * alone can take back what was shown. Errors that are not `retryable` are thrown as they come.
 */
export function streamWithRetry(
  provider: ModelProvider,
  request: ModelRequest,
  options: RetryOptions,
): AsyncIterable<ModelChunk> {
  return guardStream((run) => attempts(provider, request, { ...options, signal: run.signal }), {
    signal: options.signal,
  });
}

async function* attempts(
  provider: ModelProvider,
  request: ModelRequest,
  options: RetryOptions,
): AsyncGenerator<ModelChunk> {
  const { onRetry, policy: changes, ...streamOptions } = options;
  const policy = { ...DEFAULT_RETRY_POLICY, ...changes };
  for (let attempt = 1; ; attempt += 1) {
    let shown = false;
    try {
      for await (const chunk of traceModel(provider, request, provider.stream(request, streamOptions))) {
        shown = true;
        yield chunk;
      }
      return;
    } catch (error) {
      if (shown || !isModelError(error) || !error.retryable || attempt >= policy.attempts) throw error;
      const delayMs = backoffMs(attempt, policy, Math.random(), error.retryAfterMs);
      onRetry?.({ attempt, delayMs, error });
      await sleep(delayMs, undefined, { signal: options.signal });
    }
  }
}
