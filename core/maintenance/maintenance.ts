import type { Database } from '#core/database/database';
import type { Logger } from '#core/log';
import { trimStreams } from '#core/stream/retention';

export interface MaintenanceOptions {
  database: Database;
  log: Logger;
  streamRetentionDays: number;
}

const EVERY_MS = 10 * 60_000;
/** How long a repeated request is still recognised, in hours. */
const IDEMPOTENCY_HOURS = 24;

/** Removes from time to time what is kept for a limited time. The function returned ends it. */
export function startMaintenance({ database, log, streamRetentionDays }: MaintenanceOptions): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  const run = async () => {
    try {
      await trimStreams(database.systemPool, streamRetentionDays * 24 * 3_600);
      for (const table of ['idempotent_requests', 'idempotent_effects']) {
        await database.systemPool.query(
          `delete from ${table} where created_at < clock_timestamp() - make_interval(hours => $1)`,
          [IDEMPOTENCY_HOURS],
        );
      }
    } catch (error) {
      log.warn({ err: error }, 'what is no longer needed could not be removed; the next round will');
    }
  };
  const timer = setInterval(() => {
    running = run();
  }, EVERY_MS);
  timer.unref();
  running = run();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
