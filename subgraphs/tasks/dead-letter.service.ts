import type { Database } from '#core/database/database';
import { badInput, notFound } from '#core/error';
import { isId, newId } from '#core/id';
import type { Viewer } from '#core/viewer';
import type { Job, Task } from '#prisma/generated/client';
import { actorOf } from './actor.ts';
import { JOB_COLUMNS, lockTask, TASK_COLUMNS } from './execution/row.ts';
import { jobChanged, type TaskUnit, type TaskWriter, taskChanged } from './execution/task-writer.ts';
import type { ReplayDeadLettersInput } from './task.input.ts';
import { deadLettersOf } from './task-parts.service.ts';

/** How many begin anew at once. */
const MAX_AT_ONCE = 500;

/** Jobs that nobody tries any more, and how they come back. */
export class DeadLetterService {
  constructor(
    private readonly database: Database,
    private readonly writer: TaskWriter,
  ) {}

  /**
   * Begins dead jobs anew, with all of their attempts, and their tasks with them.
   * @throws ParleyError `NOT_FOUND` where one of the given ids is none of a dead job that the viewer may change
   */
  async replay(viewer: Viewer, input: ReplayDeadLettersInput): Promise<Job[]> {
    const { jobIds = null, filter = null, all = null } = input;
    const given = [jobIds, filter, all === true ? all : null].filter((each) => each !== null);
    if (given.length !== 1) throw badInput('input', 'Give one of jobIds, filter and all.');
    if (jobIds && jobIds.length > MAX_AT_ONCE) throw badInput('input.jobIds', `At most ${MAX_AT_ONCE} at once.`);
    const ids = jobIds && [...new Set(jobIds.filter(isId))];
    const dead = await this.database.scoped.job.findMany({
      where: { AND: [deadLettersOf(viewer, filter ?? {}), ids ? { id: { in: ids } } : {}] },
      select: { id: true, taskId: true },
      orderBy: { id: 'asc' },
      take: MAX_AT_ONCE,
    });
    if (jobIds && dead.length < new Set(jobIds).size) throw notFound('dead letter');
    const taskIds = [...new Set(dead.map(({ taskId }) => taskId))].sort();
    return this.writer.write(async (unit) => {
      const replayed: Job[] = [];
      // In one order, as whoever else locks several.
      for (const taskId of taskIds) {
        const task = await lockTask(unit.tx, taskId);
        const own = dead.filter((job) => job.taskId === taskId).map(({ id }) => id);
        if (task) replayed.push(...(await replayIn(unit, task, own)));
      }
      if (replayed.length > 0) {
        await unit.emit({
          id: newId(),
          orgId: viewer.orgId,
          type: 'task.replayed',
          payload: { taskIds, jobIds: replayed.map(({ id }) => id) },
          actor: actorOf(viewer),
        });
      }
      return replayed;
    });
  }
}

async function replayIn(unit: TaskUnit, task: Task, jobIds: string[]): Promise<Job[]> {
  const jobs = await unit.tx.$queryRawUnsafe<Job[]>(REPLAY, task.id, jobIds);
  if (jobs.length === 0) return [];
  const first = Math.min(...jobs.map(({ position }) => position));
  const skipped = await unit.tx.$queryRawUnsafe<Job[]>(UNSKIP, task.id, first);
  // Another task of the same key may have been made meanwhile: then this one stands for itself.
  const [begun] = await unit.tx.$queryRawUnsafe<Task[]>(REOPEN, task.id);
  if (!begun) throw new Error('A task that is locked has lost its row.');
  unit.tell(taskChanged(begun), ...[...jobs, ...skipped].map(jobChanged));
  for (const job of jobs) unit.wake(job);
  return jobs;
}

const REPLAY = `
  UPDATE task_jobs
  SET state = 'QUEUED', failures = 0, losses = 0, round = round + 1, recovered = NULL, effect_id = NULL,
      run_after = now(), queued_at = now(), finished_at = NULL
  WHERE task_id = $1::uuid AND id = ANY($2::uuid[]) AND state = 'DEAD' RETURNING ${JOB_COLUMNS}`;

/** Of a chain: the steps behind the one that is replayed. */
const UNSKIP = `
  UPDATE task_jobs SET state = 'HELD', finished_at = NULL
  WHERE task_id = $1::uuid AND position > $2::int AND state = 'SKIPPED' RETURNING ${JOB_COLUMNS}`;

const REOPEN = `
  UPDATE tasks t
  SET state = 'RUNNING', error = NULL, output = NULL, finished_at = NULL, cancel_requested_at = NULL, expires_at = NULL,
      dedupe_key = CASE WHEN EXISTS (SELECT 1 FROM tasks o WHERE o.dedupe_key = t.dedupe_key AND o.id <> t.id
                                       AND o.state IN ('QUEUED', 'RUNNING')) THEN NULL ELSE dedupe_key END
  WHERE id = $1::uuid RETURNING ${TASK_COLUMNS}`;
