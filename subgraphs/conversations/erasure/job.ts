import { z } from 'zod';
import { defineJob } from '#core/job/job';

/** Takes away what somebody wrote in the rooms of an organization. */
export const erasePersonJob = defineJob({
  name: 'conversations.erase-person',
  schema: z.object({ orgId: z.uuid(), userId: z.uuid() }),
  concurrency: 1,
});
