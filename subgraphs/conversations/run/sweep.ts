import type { Database } from '#core/database/database';
import type { Logger } from '#core/log';
import { ACTIVE_MS } from './active-time.ts';

/** How often to look for runs that nobody works on, in milliseconds. */
const EVERY_MS = 2_000;
const AT_ONCE = 500;

/**
 * Finds runs that were accepted and that no worker has: their worker died, or the queue lost them. What the row says
 * counts, so a queue that forgets everything delays a reply by seconds and loses none.
 */
const UNATTENDED = `
  select r.id::text, r.org_id::text as "orgId" from runs r
  where (r.lease_until is null or r.lease_until < clock_timestamp())
    and (r.state = 'RUNNING' or r.state = 'QUEUED' and r.queued_at < clock_timestamp() - interval '2 seconds')
    and not exists (select 1 from runs e where e.conversation_id = r.conversation_id and e.id <> r.id
                      and (e.state in ('RUNNING', 'WAITING') or e.state = 'QUEUED' and e.id < r.id))
  order by r.id limit ${AT_ONCE}`;

const EXPIRED = `
  select id::text, org_id::text as "orgId" from approvals
  where state = 'PENDING' and coalesce(expires_at, requested_at + interval '1 day') < clock_timestamp()
  order by requested_at limit ${AT_ONCE}`;

export interface SweepOptions {
  database: Database;
  log: Logger;
  dispatch(run: { id: string; orgId: string }): void;
  /** Decides an approval that nobody has decided in time. */
  expire(approval: { id: string; orgId: string }): Promise<void>;
}

/** Starts looking; the function returned ends it. */
export function startSweep({ database, log, dispatch, expire }: SweepOptions): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const sweep = async () => {
    if (busy) return;
    busy = true;
    try {
      const { rows } = await database.systemPool.query<{ id: string; orgId: string }>(UNATTENDED);
      for (const run of rows) dispatch(run);
      const expired = await database.systemPool.query<{ id: string; orgId: string }>(EXPIRED);
      for (const approval of expired.rows) {
        // One that cannot be decided must not keep the others from it.
        await expire(approval).catch((error: unknown) =>
          log.warn({ err: error, approvalId: approval.id }, 'an approval could not be decided in its absence'),
        );
      }
    } catch (error) {
      log.debug({ err: error }, 'runs and approvals that nobody works on could not be looked after');
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => {
    running = sweep();
  }, EVERY_MS);
  running = sweep();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/**
 * In the only process there is, a claim of another worker belongs to one that is gone: its run can begin again at once.
 * This process may have claimed some already.
 */
export async function releaseClaims(database: Database, workerId: string): Promise<void> {
  await database.systemPool.query(
    `update runs set active_ms = ${ACTIVE_MS}, active_since = null, lease_until = null
     where state = 'RUNNING' and worker_id is distinct from $1`,
    [workerId],
  );
}
