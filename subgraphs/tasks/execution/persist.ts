import { setTimeout as sleep } from 'node:timers/promises';
import { isConnectionFailure } from '#core/database/failure';

/** How long a write is tried again while the database is away, in milliseconds. */
const PERSIST_FOR_MS = 60_000;
const PERSIST_PAUSE_MS = 200;

/**
 * Does a write, again while the database is away. The write checks the claim on its job and states where things stand, so
 * that it can be repeated whether the first try was committed or not.
 */
export async function persist<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PERSIST_FOR_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isConnectionFailure(error) || Date.now() > deadline) throw error;
      await sleep(PERSIST_PAUSE_MS);
    }
  }
}
