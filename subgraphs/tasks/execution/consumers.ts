import { z } from 'zod';
import type { EventConsumer } from '#core/outbox/consumer';
import { lockTask } from './row.ts';
import { resumeJobs } from './settle.ts';
import type { TaskWriter } from './task-writer.ts';
import type { Wake } from './wake.ts';

const created = z.object({ jobIds: z.array(z.uuid()), runAfter: z.iso.datetime() });

/** Puts what was accepted into the queue. While its backend is away the event is tried again, and the sweep goes on. */
export const enqueueConsumer = (wake: Wake): EventConsumer => ({
  name: 'tasks.enqueue',
  types: ['task.created'],
  consume: async (event) => {
    const { jobIds, runAfter } = created.parse(event.payload);
    const delayMs = Math.max(0, Date.parse(runAfter) - Date.now());
    for (const jobId of jobIds) await wake.enqueue(event.orgId, jobId, delayMs);
  },
});

const finished = z.object({ triggerMessageId: z.uuid() });

/** Goes on with what waits for the end of a run. */
export const runFinishedConsumer = (writer: TaskWriter): EventConsumer => ({
  name: 'tasks.run-finished',
  types: ['run.finished'],
  consume: (event, unit) =>
    writer.within(unit, async (within) => {
      const told = finished.safeParse(event.payload);
      if (!told.success) return;
      const { triggerMessageId } = told.data;
      const [job] = await within.tx.$queryRaw<{ taskId: string }[]>`
        SELECT task_id::text AS "taskId" FROM task_jobs WHERE org_id = ${event.orgId}::uuid AND effect_id = ${triggerMessageId}::uuid`;
      if (!job || !(await lockTask(within.tx, job.taskId))) return;
      await resumeJobs(within, 'effect_id = $1::uuid', triggerMessageId);
    }),
});
