import type { ModelUsage } from './model.port.ts';

/** The closed set of ways in which a model call fails. They reach users as `RunError.code`. */
export const MODEL_ERROR_CODES = [
  /** 429. `retryAfterMs` says when to come back where the provider said so. */
  'MODEL_RATE_LIMITED',
  /** Any 5xx. */
  'MODEL_OVERLOADED',
  /** The provider was silent for too long, or the whole call took too long. */
  'MODEL_TIMEOUT',
  /** The connection was refused, reset or never made. */
  'MODEL_CONNECTION',
  /** What came cannot be read: a malformed chunk, half a chunk, a tool call that is not JSON. */
  'MODEL_BAD_RESPONSE',
  /** The stream ended without a finish reason. */
  'MODEL_TRUNCATED',
  /** The provider's safety filter stopped the prompt or the answer; `category` says which. */
  'MODEL_BLOCKED',
  /** The model finished without an answer. */
  'MODEL_EMPTY',
  /** 401, 403, or a key that the provider calls invalid. */
  'MODEL_AUTHENTICATION',
  /** No provider has such a model. */
  'MODEL_NOT_FOUND',
  /** Any other 4xx: the request will not get better by repeating it. */
  'MODEL_INVALID_REQUEST',
  /** The caller aborted. */
  'MODEL_CANCELLED',
] as const;

export type ModelErrorCode = (typeof MODEL_ERROR_CODES)[number];

const RETRYABLE: ReadonlySet<ModelErrorCode> = new Set<ModelErrorCode>([
  'MODEL_RATE_LIMITED',
  'MODEL_OVERLOADED',
  'MODEL_TIMEOUT',
  'MODEL_CONNECTION',
  'MODEL_BAD_RESPONSE',
  'MODEL_TRUNCATED',
  'MODEL_EMPTY',
]);

export interface ModelErrorOptions {
  /** Whether the same request may succeed later. The default follows from the code. */
  retryable?: boolean;
  /** How long to wait before another try, in ms, when the provider said so. */
  retryAfterMs?: number;
  /** What was blocked, in the provider's word: `HARM_CATEGORY_DANGEROUS_CONTENT`, `PROHIBITED_CONTENT`; or `FILE_UNKNOWN`. */
  category?: string;
  /** What the provider had counted when the call failed: it may be billed. */
  usage?: ModelUsage;
  /** The error behind this one, with every credential taken out (see `scrub`). For logs, never for users. */
  cause?: unknown;
}

/**
 * A model call that failed. `message` is a sentence for the person in the room: never the provider's own text, which may
 * quote the prompt or a key.
 */
export class ModelError extends Error {
  readonly code: ModelErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly category?: string;
  usage?: ModelUsage;

  constructor(code: ModelErrorCode, message: string, options: ModelErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'ModelError';
    this.code = code;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
    if (options.category !== undefined) this.category = options.category;
    if (options.usage !== undefined) this.usage = options.usage;
  }

  /** The parts that may be stored and shown. */
  toJSON() {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.retryAfterMs !== undefined && { retryAfterMs: this.retryAfterMs }),
      ...(this.category !== undefined && { category: this.category }),
      ...(this.usage !== undefined && { usage: this.usage }),
    };
  }
}

export const isModelError = (error: unknown): error is ModelError => error instanceof ModelError;

export const modelCancelled = () => new ModelError('MODEL_CANCELLED', 'The reply was stopped.');
