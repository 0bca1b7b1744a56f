import { setTimeout as wait } from 'node:timers/promises';
import { ApiError, Unreachable } from './graphql-http.ts';

/** In milliseconds. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 5_000;
/** A server that is being restarted is back long before; in milliseconds. */
const GIVE_UP_AFTER = 120_000;

/** How long to wait before the next try, with some chance in it so that clients do not come back all at once. */
export const backoff = (failures: number): number =>
  Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);

/** Whether the same request may do better in a while. */
export const isPassing = (error: unknown): boolean =>
  error instanceof Unreachable ||
  (error instanceof ApiError && (error.code === 'UNAVAILABLE' || error.code === 'RATE_LIMITED'));

/**
 * Tries again while the server is away or busy. Only for what may safely be sent twice: queries, and mutations with an
 * idempotency key.
 * @param onTrouble Is told once, when the first try has failed.
 */
export async function persist<T>(attempt: () => Promise<T>, onTrouble: (error: unknown) => void): Promise<T> {
  const startedAt = Date.now();
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error) || Date.now() - startedAt > GIVE_UP_AFTER) throw error;
      if (failures === 0) onTrouble(error);
      const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
      await wait(Math.max(asked, backoff(failures)));
    }
  }
}
