import { z } from 'zod';
import { defineJob } from '#core/job/job';

/**
 * Works on one run. How often it may be tried is kept in the run's row, which outlives the queue; the queue only brings
 * it to a worker.
 */
export const executeRunJob = defineJob({
  name: 'conversations.execute-run',
  schema: z.object({ orgId: z.uuid(), runId: z.uuid() }),
  attempts: 3,
  concurrency: 200,
});
