import { ParleyError } from '#core/error';

/** The operation itself cannot be run, whatever its variables are: 400 in terms of HTTP. */
export const badOperation = (message: string, cause?: unknown) =>
  new ParleyError('BAD_USER_INPUT', message, cause === undefined ? {} : { cause });
