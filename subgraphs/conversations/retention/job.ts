import { z } from 'zod';
import { defineJob } from '#core/job/job';

/** Removes what an organization keeps no longer. */
export const applyRetentionJob = defineJob({
  name: 'conversations.apply-retention',
  schema: z.object({ orgId: z.uuid() }),
  concurrency: 1,
});
