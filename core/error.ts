import { GraphQLError, type GraphQLErrorExtensions } from 'graphql';

/** The closed set of codes that a client can meet in `extensions.code`. Adding one is a change of the public API. */
export const ERROR_CODES = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'BAD_USER_INPUT',
  'CONFLICT',
  'QUOTA_EXCEEDED',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** One rejected part of the input. `path` names it from the root of the arguments, such as `input.email`. */
export interface FieldProblem {
  path: string;
  message: string;
}

export interface ParleyErrorOptions {
  /** What was wrong with the input, part by part. Only with `BAD_USER_INPUT` and `CONFLICT`. */
  fields?: FieldProblem[];
  /** How many seconds to wait before another try helps. Only with `RATE_LIMITED`, `QUOTA_EXCEEDED`, `UNAVAILABLE`. */
  retryAfterSeconds?: number;
  /** Further facts for the client, each safe to show. */
  extensions?: GraphQLErrorExtensions;
  /** The error behind this one: logged, never sent. */
  cause?: unknown;
}

/**
 * A refusal that the client may read: a code from the closed set and a sentence that helps.
 * Every other error that reaches the edge is masked as `INTERNAL`.
 */
export class ParleyError extends GraphQLError {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options: ParleyErrorOptions = {}) {
    super(message, {
      extensions: {
        ...options.extensions,
        code,
        ...(options.fields && { fields: options.fields }),
        ...(options.retryAfterSeconds !== undefined && { retryAfterSeconds: options.retryAfterSeconds }),
      },
    });
    this.name = 'ParleyError';
    this.code = code;
    if (options.cause !== undefined) this.cause = options.cause;
  }
}

/** No credential, or one that is unknown, expired or revoked. */
export const unauthenticated = (message = 'Log in or send an API key: this needs an authenticated caller.') =>
  new ParleyError('UNAUTHENTICATED', message);

/** The caller is known and lacks a permission, which the message should name. */
export const forbidden = (message: string) => new ParleyError('FORBIDDEN', message);

/** The row does not exist, or exists where the caller may not see it: both answer alike. */
export const notFound = (what: string) => new ParleyError('NOT_FOUND', `There is no such ${what}.`);

/** The input breaks a rule; `path` says where, such as `input.email`. */
export const badInput = (path: string, message: string) => badInputs([{ path, message }]);

/** The input breaks several rules at once. */
export const badInputs = (fields: FieldProblem[]) =>
  new ParleyError('BAD_USER_INPUT', fields.map((field) => `${field.path}: ${field.message}`).join(' '), { fields });

/** The request is sound but does not fit the present state, such as a name that is taken. */
export const conflict = (message: string, fields?: FieldProblem[]) =>
  new ParleyError('CONFLICT', message, fields ? { fields } : {});

/** Something that Parley depends on cannot be reached now; another try may work. */
export const unavailable = (message: string, options: Omit<ParleyErrorOptions, 'fields'> = {}) =>
  new ParleyError('UNAVAILABLE', message, options);

export const isErrorCode = (code: unknown): code is ErrorCode => ERROR_CODES.includes(code as ErrorCode);
