import type { Database } from '#core/database/database';
import { runInOrg } from '#core/database/tenant';
import type { Logger } from '#core/log';
import type { TaskKinds } from '../kind/catalog.ts';
import { stopTask } from './end-task.ts';
import { lockTask } from './row.ts';
import type { TaskWriter } from './task-writer.ts';
import type { Wake } from './wake.ts';

/** How often it looks, in milliseconds. */
const EVERY_MS = 2_000;
const AT_ONCE = 200;

export interface SweepOptions {
  database: Database;
  writer: TaskWriter;
  wake: Wake;
  kinds: TaskKinds;
  log: Logger;
}

/**
 * Jobs that are ready and that nobody has come for, or whose worker is gone. Of those that limits of their queue keep back,
 * one a queue is enough.
 */
const UNATTENDED = `
  (SELECT j.id::text, j.org_id::text AS "orgId" FROM task_jobs j
   LEFT JOIN task_queues q ON q.org_id = j.org_id AND q.name = j.queue
   WHERE j.state = 'QUEUED' AND j.run_after < clock_timestamp() - interval '2 seconds'
     AND (j.resuming OR q.paused_at IS NULL)
   ORDER BY j.run_after LIMIT ${AT_ONCE})
  UNION ALL
  (SELECT id::text, org_id::text FROM task_jobs
   WHERE state = 'RUNNING' AND lease_until < clock_timestamp() ORDER BY lease_until LIMIT ${AT_ONCE})`;

/** What is awaited and was not heard of for long, or whose time is over. */
const UNHEARD = `
  UPDATE task_jobs SET state = 'QUEUED', resuming = true, run_after = now(), look_at = NULL
  WHERE id IN (SELECT id FROM task_jobs WHERE state = 'AWAITING' AND least(look_at, attempt_ends_at) < clock_timestamp()
               ORDER BY look_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)
  RETURNING id::text, org_id::text AS "orgId"`;

const EXPIRED = `
  SELECT id::text, org_id::text AS "orgId" FROM tasks
  WHERE state IN ('QUEUED', 'RUNNING') AND cancel_requested_at IS NULL AND expires_at < clock_timestamp()
  ORDER BY expires_at LIMIT ${AT_ONCE}`;

interface Found {
  id: string;
  orgId: string;
}

/** Looks after what the queue forgot, whose worker died, or whose time is over. The function returned ends it. */
export function startSweep(options: SweepOptions): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const sweep = async () => {
    if (busy) return;
    busy = true;
    try {
      await sweepOnce(options);
    } catch (error) {
      options.log.debug({ err: error }, 'jobs of tasks that nobody works on could not be looked after');
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

async function sweepOnce({ database, writer, wake, kinds, log }: SweepOptions): Promise<void> {
  const pool = database.systemPool;
  const unheard = await pool.query<Found>(UNHEARD);
  const unattended = await pool.query<Found>(UNATTENDED);
  for (const { id, orgId } of [...unheard.rows, ...unattended.rows]) wake.job({ id, orgId, runAfter: new Date(0) });
  const expired = await pool.query<Found>(EXPIRED);
  for (const { id, orgId } of expired.rows) {
    const stop = () =>
      writer.write(async (unit) => {
        const task = await lockTask(unit.tx, id);
        if (task) await stopTask(unit, task, EXPIRY, kinds);
      });
    // One that cannot be ended must not keep the others from it.
    await runInOrg(orgId, stop).catch((error: unknown) =>
      log.warn({ err: error, taskId: id }, 'a task whose time is over could not be ended'),
    );
  }
}

const EXPIRY = { code: 'EXPIRED', message: 'Its time was over before it was done.', retryable: true };

/** In the only process there is, a claim of another worker belongs to one that is gone: its jobs can begin again at once. */
export async function releaseClaims(database: Database, workerId: string): Promise<void> {
  await database.systemPool.query(
    "UPDATE task_jobs SET lease_until = clock_timestamp() WHERE state = 'RUNNING' AND worker_id IS DISTINCT FROM $1",
    [workerId],
  );
}
