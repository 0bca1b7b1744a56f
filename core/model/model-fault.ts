import { ModelError, type ModelErrorOptions } from './model-error.ts';
import { scrub } from './scrub.ts';

/** Who answered, for the sentence that the user reads, and what must never be in it. */
export interface FaultContext {
  /** `ModelProvider.label`. */
  label: string;
  /** The model that was asked for, where there was one. */
  model?: string;
  secrets: readonly string[];
}

/** What an HTTP answer says about a refusal, as far as it is safe and useful. */
export interface Refusal {
  status: number;
  /** The `Retry-After` header, or the provider's own word for it. */
  retryAfterMs?: number | undefined;
  /** The provider's machine-readable code: `insufficient_quota`, `API_KEY_INVALID`. */
  code?: string | undefined;
  /** The request's field at fault, such as `temperature`. */
  param?: string | undefined;
  /** The provider's text. Only searched, never shown. */
  detail?: string | undefined;
}

const TOO_LONG = /context.?length|maximum context|too many tokens|exceeds the (?:maximum|limit)[^.]*tokens/i;
/** Google calls a file that has expired, or is another credential's, one that there is no permission for. */
const UNKNOWN_FILE = /\bfiles?\b[^.]*\b(?:may not exist|does not exist|not found|has expired)/i;
/** The category of the fault of a request that names a file of the provider's store which that does not have. */
export const FILE_UNKNOWN = 'FILE_UNKNOWN';
const PLAIN_FIELD = /^[\w.[\]-]{1,60}$/;

/** `Retry-After` in ms: whole seconds or an HTTP date. A date in the past is 0; anything else is undefined. */
export function retryAfterMs(header: string | null | undefined, now = Date.now()): number | undefined {
  if (!header) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Math.round(Number(header) * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** The error for an HTTP status of 400 or above. */
export function httpFault(refusal: Refusal, context: FaultContext, cause: unknown): ModelError {
  const { label, model } = context;
  const options: ModelErrorOptions = { cause: scrub(cause, context.secrets) };
  if (refusal.retryAfterMs !== undefined) options.retryAfterMs = refusal.retryAfterMs;
  const { status, code = '', detail = '' } = refusal;

  if (status === 429 && code === 'insufficient_quota') {
    const message = `The account at ${label} has no quota left. Raise its limit or choose another model.`;
    return new ModelError('MODEL_RATE_LIMITED', message, { ...options, retryable: false });
  }
  if (status === 429) {
    return new ModelError(
      'MODEL_RATE_LIMITED',
      `${label} is limiting how often it may be asked. Try again soon.`,
      options,
    );
  }
  if (status === 408) return new ModelError('MODEL_TIMEOUT', `${label} took too long to answer.`, options);
  if (status >= 500) {
    return new ModelError(
      'MODEL_OVERLOADED',
      `${label} is overloaded or failing at the moment. Try again soon.`,
      options,
    );
  }
  if (UNKNOWN_FILE.test(detail)) {
    const message = `${label} does not have a file any more that it was given. Send the message again.`;
    return new ModelError('MODEL_INVALID_REQUEST', message, { ...options, category: FILE_UNKNOWN });
  }
  if (status === 401 || status === 403 || code === 'API_KEY_INVALID') {
    return new ModelError('MODEL_AUTHENTICATION', `${label} refused the key that Parley is set up with.`, options);
  }
  if (status === 404) {
    const message = model
      ? `${label} has no model called "${model}".`
      : `${label} has nothing at the address it is set up with.`;
    return new ModelError('MODEL_NOT_FOUND', message, options);
  }
  if (code === 'content_filter') {
    return blocked('prompt', code, context, options);
  }
  if (code === 'context_length_exceeded' || TOO_LONG.test(detail)) {
    return new ModelError('MODEL_INVALID_REQUEST', 'The conversation is too long for this model.', options);
  }
  const field = refusal.param && PLAIN_FIELD.test(refusal.param) ? ` It does not accept "${refusal.param}".` : '';
  return new ModelError('MODEL_INVALID_REQUEST', `${label} refused the request as invalid.${field}`, options);
}

/** The error for a prompt or an answer that the provider's filter stopped. */
export function blocked(
  what: 'prompt' | 'answer',
  category: string,
  context: FaultContext,
  options: ModelErrorOptions = {},
): ModelError {
  const reason = category
    .replace(/^HARM_CATEGORY_/, '')
    .replaceAll('_', ' ')
    .toLowerCase();
  return new ModelError('MODEL_BLOCKED', `${context.label} blocked the ${what} for safety (${reason}).`, {
    ...options,
    category,
  });
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
  'UND_ERR_RESPONSE',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
]);

/** The error for anything that is no HTTP refusal: a broken connection, or an answer that cannot be read. */
export function transportFault(error: unknown, context: FaultContext): ModelError {
  const options: ModelErrorOptions = { cause: scrub(error, context.secrets) };
  for (let inner: unknown = error, depth = 0; inner instanceof Error && depth < 6; inner = inner.cause, depth += 1) {
    const { code } = inner as { code?: unknown };
    // undici reports a body that breaks off as `TypeError: terminated`, a request that failed as `fetch failed`.
    const isBroken = inner instanceof TypeError && /^(terminated|fetch failed)$/.test(inner.message);
    if (isBroken || (typeof code === 'string' && CONNECTION_CODES.has(code))) {
      return new ModelError(
        'MODEL_CONNECTION',
        `${context.label} cannot be reached, or broke the connection. Try again soon.`,
        options,
      );
    }
  }
  return new ModelError('MODEL_BAD_RESPONSE', `${context.label} sent an answer that cannot be read.`, options);
}

/** The stream ended cleanly without saying why it ended. */
export const truncated = (context: FaultContext): ModelError =>
  new ModelError('MODEL_TRUNCATED', `${context.label} broke off in the middle of its answer.`);

/** The model finished without anything to show. */
export function emptyAnswer(atTokenLimit: boolean, context: FaultContext): ModelError {
  return atTokenLimit
    ? new ModelError('MODEL_EMPTY', 'The model used up its output tokens before it answered. Raise the limit.', {
        retryable: false,
      })
    : new ModelError('MODEL_EMPTY', `${context.label} answered with nothing.`);
}
