import { z } from 'zod';
import { defineJob } from '#core/job/job';

/**
 * Brings a worker to a queue in which a job is ready. Which one is taken is decided by the rows: the one of the highest
 * priority that may begin. How often a job may be tried is in its row as well, which outlives the queue.
 */
export const runTaskJob = defineJob({
  name: 'tasks.run-job',
  schema: z.object({ orgId: z.uuid(), jobId: z.uuid() }),
  attempts: 3,
  concurrency: 20,
});
