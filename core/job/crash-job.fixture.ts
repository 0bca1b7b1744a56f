import { z } from 'zod';
import { defineJob } from './job.ts';

/** What the worker processes of the crash test work on. Its one attempt shows that a crash is not an attempt. */
export const crashJob = defineJob({ name: 'test.crash', schema: z.object({ orgId: z.string() }), attempts: 1 });
