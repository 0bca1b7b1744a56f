import type { Database } from '#core/database/database';
import type { Logger } from '#core/log';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Sessions that have ended are kept this long, for whoever wants to know what a credential in an event was. */
const KEPT_MS = 30 * DAY_MS;
const EVERY_MS = 60 * 60 * 1000;
const BATCH = 1_000;

/**
 * Deletes sessions that ended long ago, with their refresh tokens: a session that is refreshed every quarter of an hour
 * leaves a hundred of them a day. Returns how many sessions there were.
 */
export async function purgeSessions({ systemPool }: Pick<Database, 'systemPool'>, now = new Date()): Promise<number> {
  const endedBefore = new Date(now.getTime() - KEPT_MS);
  let purged = 0;
  for (;;) {
    const { rowCount } = await systemPool.query(
      `DELETE FROM sessions WHERE id IN (
         SELECT id FROM sessions WHERE expires_at < $1 OR revoked_at < $1 LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
      [endedBefore],
    );
    purged += rowCount ?? 0;
    if ((rowCount ?? 0) < BATCH) return purged;
  }
}

/** Purges now and every hour, until the function returned is called. */
export async function startSessionPurge(database: Database, log: Logger): Promise<() => Promise<void>> {
  let running: Promise<void> = Promise.resolve();
  const purge = () => {
    running = purgeSessions(database).then(
      (purged) => log.debug({ purged }, 'sessions that ended long ago were deleted'),
      (error: unknown) => log.warn({ err: error }, 'old sessions could not be deleted'),
    );
  };
  purge();
  const timer = setInterval(purge, EVERY_MS).unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
