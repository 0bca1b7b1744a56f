import { hostname } from 'node:os';
import type { Database } from '#core/database/database';
import type { Logger } from '#core/log';
import type { TaskWorkerType } from '../queue/queue.type.ts';

/** How often a worker says that it is there, and how long its word is taken, in seconds. */
const BEAT_SECONDS = 3;
const TAKEN_FOR_SECONDS = 9;

/** Workers that are shown at once. */
const MAX_WORKERS = 200;

/** The processes that work on jobs: each writes a beat, and is seen to be gone by its absence. */
export class Workers {
  constructor(
    private readonly database: Database,
    private readonly workerId: string,
    private readonly log: Logger,
  ) {}

  /** Begins to say that this process is there; the function returned ends it. */
  start(): () => Promise<void> {
    const pool = this.database.systemPool;
    let beating: Promise<unknown> = Promise.resolve();
    const beat = () => {
      beating = pool
        .query(BEAT, [this.workerId, `${hostname()}/${process.pid}`])
        .catch((error: unknown) => this.log.debug({ err: error }, 'a worker could not say that it is there'));
    };
    beat();
    const timer = setInterval(beat, BEAT_SECONDS * 1_000);
    return async () => {
      clearInterval(timer);
      await beating;
      await pool.query('DELETE FROM task_workers WHERE id = $1', [this.workerId]).catch(() => {});
    };
  }

  /** Those that are there, and those that were lost within the last hour, with what they have of the organization. */
  async list(orgId: string): Promise<TaskWorkerType[]> {
    const { rows } = await this.database.systemPool.query<TaskWorkerType>(LIST, [
      orgId,
      TAKEN_FOR_SECONDS,
      MAX_WORKERS,
    ]);
    return rows;
  }
}

const BEAT = `
  WITH gone AS (DELETE FROM task_workers WHERE seen_at < now() - interval '1 hour')
  INSERT INTO task_workers (id, name, seen_at) VALUES ($1, $2, clock_timestamp())
  ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp()`;

const LIST = `
  SELECT w.id::text, w.name, w.seen_at < clock_timestamp() - make_interval(secs => $2) AS stalled,
         (SELECT count(*)::int FROM task_jobs j WHERE j.org_id = $1 AND j.worker_id = w.id AND j.state = 'RUNNING') AS running,
         w.started_at AS "startedAt", w.seen_at AS "seenAt"
  FROM task_workers w ORDER BY w.started_at LIMIT $3`;
