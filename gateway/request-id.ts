import { newId } from '#core/id';

/** Comes back on every answer, and is what a person quotes when something went wrong. */
export const REQUEST_ID_HEADER = 'x-request-id';

/** The caller's own id where it is fit for a log line, else a new one. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.:-]{1,100}$/.test(header) ? header : newId();
}
