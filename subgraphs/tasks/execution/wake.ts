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

  /** Has workers come to a place: who comes takes the first job of it that may begin. */
  queue({ orgId, queue, concurrencyKey = null }: QueuePlace, { count = 1, delayMs = 0 }: WakeOptions = {}): void {
    const next = async () => {
      const { rows } = await this.pool.query<{ id: string }>(NEXT, [orgId, queue, count, concurrencyKey]);
      for (const { id } of rows) await this.enqueue(orgId, id, delayMs);
    };
    next().catch((error: unknown) =>
      this.log.debug({ err: error, queue }, 'the next job of a queue was not woken; the sweep will do it'),
    );
  }
}

/** Where something may begin: in a queue, and in whichever other one among the jobs of a key. */
export type QueuePlace = Pick<Job, 'orgId' | 'queue'> & Partial<Pick<Job, 'concurrencyKey'>>;

export interface WakeOptions {
  /** As many jobs as are ready, up to this. Default 1. */
  count?: number;
  delayMs?: number;
}

const NEXT = `
  (SELECT id::text FROM task_jobs WHERE org_id = $1 AND queue = $2 AND state = 'QUEUED' AND run_after <= now()
   ORDER BY priority DESC, run_after LIMIT $3)
  UNION
  (SELECT id::text FROM task_jobs WHERE org_id = $1 AND concurrency_key = $4 AND state = 'QUEUED' AND run_after <= now()
   ORDER BY priority DESC, run_after LIMIT 1)`;
