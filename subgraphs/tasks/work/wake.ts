import type pg from 'pg';
import type { JobQueue } from '#core/job/job';
import type { Logger } from '#core/log';
import type { Job } from '#prisma/generated/client';
import { runTaskJob } from './job.ts';

/** Wakes workers. What is missed, while the backend of the queue is away say, the sweep finds in the rows. */
export class Wake {
  constructor(
    private readonly jobs: JobQueue,
    private readonly pool: pg.Pool,
    private readonly log: Logger,
  ) {}

  job({ id, orgId, runAfter }: Pick<Job, 'id' | 'orgId' | 'runAfter'>): void {
    const delayMs = Math.max(0, runAfter.getTime() - Date.now());
    this.enqueue(orgId, id, delayMs).catch((error: unknown) =>
      this.log.debug({ err: error, jobId: id }, 'a job of a task was not put into the queue; the sweep will do it'),
    );
  }

  /** @throws ParleyError `UNAVAILABLE` where the backend of the queue is away */
  enqueue(orgId: string, jobId: string, delayMs = 0): Promise<void> {
    return this.jobs.enqueue(runTaskJob, { orgId, jobId }, { id: jobId, delayMs });
  }

  /** Of the jobs of a queue that are ready, whichever: who comes takes the first. */
  queue({ orgId, queue }: Pick<Job, 'orgId' | 'queue'>, delayMs = 0): void {
    const next = async () => {
      const { rows } = await this.pool.query<{ id: string }>(
        `SELECT id::text FROM task_jobs WHERE org_id = $1 AND queue = $2 AND state = 'QUEUED' AND run_after <= now()
         ORDER BY priority DESC, run_after LIMIT 1`,
        [orgId, queue],
      );
      if (rows[0]) await this.enqueue(orgId, rows[0].id, delayMs);
    };
    next().catch((error: unknown) =>
      this.log.debug({ err: error, queue }, 'the next job of a queue was not woken; the sweep will do it'),
    );
  }
}
