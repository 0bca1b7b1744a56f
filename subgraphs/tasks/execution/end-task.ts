import type { Job, Task } from '#prisma/generated/client';
import type { WorkError } from '../attempt/next-step.ts';
import type { TaskKinds } from '../kind/catalog.ts';
import { JOB_COLUMNS, jsonOf, TASK_COLUMNS } from './row.ts';
import { goOn, resumeJobs } from './settle.ts';
import { jobChanged, type TaskUnit, taskChanged } from './task-writer.ts';

/**
 * Ends a task that is locked before it is done: jobs that wait end at once, those under way are stopped by their workers, and
 * what they have started elsewhere with them. One that has ended stays as it is.
 * @param why Null where somebody cancelled it.
 */
export async function stopTask(unit: TaskUnit, task: Task, why: WorkError | null, kinds: TaskKinds): Promise<Task> {
  const [stopped] = await unit.tx.$queryRawUnsafe<Task[]>(
    `UPDATE tasks SET cancel_requested_at = now(), error = $2::jsonb
     WHERE id = $1::uuid AND state IN ('QUEUED', 'RUNNING') AND cancel_requested_at IS NULL RETURNING ${TASK_COLUMNS}`,
    task.id,
    jsonOf(why),
  );
  if (!stopped) return task;
  unit.tell(taskChanged(stopped));
  const ended = await unit.tx.$queryRawUnsafe<Job[]>(
    `UPDATE task_jobs SET state = 'CANCELLED', finished_at = now()
     WHERE task_id = $1::uuid AND state IN ('QUEUED', 'HELD') AND NOT resuming RETURNING ${JOB_COLUMNS}`,
    task.id,
  );
  unit.tell(...ended.map(jobChanged));
  await resumeJobs(unit, 'task_id = $1::uuid', task.id);
  await goOn(unit, stopped, kinds);
  return stopped;
}
