import { newId } from '#core/id';
import type { Job, Task, TaskExecution } from '#prisma/generated/client';
import type { TaskPolicy } from '../attempt/task-policy.ts';
import { EXECUTION_COLUMNS, JOB_COLUMNS_OF_J, lockTask, TASK_COLUMNS } from './row.ts';
import { executionChanged, jobChanged, type TaskUnit, type TaskWriter, taskChanged } from './task-writer.ts';

/** How long a worker may be silent before another takes its jobs, in seconds. Renewed every third of it. */
export const LEASE_SECONDS = 9;

/** A job in the hands of this worker. What it writes carries `job.fence`, and is refused once that is outdated. */
export interface ClaimedJob {
  task: Task;
  job: Job;
  execution: TaskExecution;
  /** It goes on with what it awaited. */
  resumed: boolean;
}

export interface ClaimOptions {
  writer: TaskWriter;
  workerId: string;
  /** How long an attempt at a job of a kind may take unless its policy says otherwise, in milliseconds. */
  timeoutOf(kind: string): number;
}

interface Candidate {
  id: string;
  taskId: string;
  maxPerMinute: number | null;
}

/**
 * Takes the job that is first in the queue of the given one: ready, or left by a worker that is gone, and let through by the
 * limits of its queue and its concurrency key. Claims of one organization take turns.
 * @returns null where there is none
 */
export function claimJob(hint: { orgId: string; jobId: string }, options: ClaimOptions): Promise<ClaimedJob | null> {
  return options.writer.write(async (unit) => {
    await unit.tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`tasks:${hint.orgId}`}, 0))`;
    const [candidate] = await unit.tx.$queryRawUnsafe<Candidate[]>(CANDIDATE, hint.jobId);
    if (!candidate) return null;
    const task = await lockTask(unit.tx, candidate.taskId);
    if (!task) return null;
    const [before] = await unit.tx.$queryRawUnsafe<Before[]>(BEFORE, candidate.id);
    // It was cancelled a moment ago.
    if (!before?.isFree) return null;
    return take(unit, task, before, candidate, options);
  });
}

/** What the row says before it is taken; of RETURNING there is only what comes after. */
interface Before {
  isFree: boolean;
  state: Job['state'];
  resuming: boolean;
  attempt: number;
}

async function take(
  unit: TaskUnit,
  task: Task,
  before: Before,
  candidate: Candidate,
  { workerId, timeoutOf }: ClaimOptions,
): Promise<ClaimedJob> {
  const { tx } = unit;
  const wasLost = before.state === 'RUNNING';
  if (wasLost) {
    const lost = await tx.$queryRawUnsafe<TaskExecution[]>(LOSE, candidate.id);
    unit.tell(...lost.map(executionChanged));
  }
  const ownTimeout = (task.policy as unknown as TaskPolicy).attemptTimeoutMs;
  const [job] = await tx.$queryRawUnsafe<Job[]>(
    TAKE,
    candidate.id,
    workerId,
    LEASE_SECONDS,
    newId(),
    before.resuming,
    wasLost,
    ownTimeout,
  );
  if (!job) throw new Error('A job that is locked has lost its row.');
  if (!before.resuming && ownTimeout === null) {
    const [timed] = await tx.$queryRaw<{ at: Date }[]>`
      UPDATE task_jobs SET attempt_ends_at = clock_timestamp() + ${timeoutOf(job.kind)}::float8 * interval '1 ms'
      WHERE id = ${job.id}::uuid RETURNING attempt_ends_at AS at`;
    job.attemptEndsAt = timed?.at ?? null;
  }
  const [execution] = before.resuming
    ? await tx.$queryRawUnsafe<TaskExecution[]>(GO_ON, job.id, job.attempt, job.fence, workerId)
    : await tx.$queryRawUnsafe<TaskExecution[]>(BEGIN, newId(), job.id, workerId);
  if (!execution) throw new Error('A job that is taken has no attempt.');
  const [begun] = await tx.$queryRawUnsafe<Task[]>(
    `UPDATE tasks SET state = 'RUNNING', started_at = now() WHERE id = $1::uuid AND state = 'QUEUED' RETURNING ${TASK_COLUMNS}`,
    task.id,
  );
  if (candidate.maxPerMinute !== null && !before.resuming && !wasLost)
    await keepPace(unit, job, candidate.maxPerMinute);
  if (begun) unit.tell(taskChanged(begun));
  if (!before.resuming) unit.tell(jobChanged(job), executionChanged(execution));
  return { task: begun ?? task, job, execution, resumed: before.resuming };
}

/** With a rate, jobs begin evenly spaced. */
async function keepPace({ tx, wakeQueue }: TaskUnit, job: Job, maxPerMinute: number): Promise<void> {
  await tx.$executeRaw`
    UPDATE task_queues SET next_start_at = clock_timestamp() + ${60_000 / maxPerMinute}::float8 * interval '1 ms'
    WHERE name = ${job.queue}`;
  wakeQueue(job, { delayMs: Math.ceil(60_000 / maxPerMinute) });
}

const BUSY = "(b.state IN ('RUNNING', 'AWAITING') OR b.resuming)";

/** What goes on, or was begun by a worker that is gone, holds its place already: no limit keeps it back. */
const CANDIDATE = `
  SELECT j.id::text, j.task_id::text AS "taskId", q.max_per_minute AS "maxPerMinute"
  FROM task_jobs h
  JOIN task_jobs j ON j.org_id = h.org_id AND j.queue = h.queue
  LEFT JOIN task_queues q ON q.org_id = j.org_id AND q.name = j.queue
  WHERE h.id = $1::uuid
    AND (j.state = 'QUEUED' AND j.run_after <= clock_timestamp()
         OR j.state = 'RUNNING' AND j.lease_until < clock_timestamp())
    AND (j.resuming OR j.state = 'RUNNING' OR (
      q.paused_at IS NULL
      AND (q.max_per_minute IS NULL OR q.next_start_at IS NULL OR q.next_start_at <= clock_timestamp())
      AND (q.max_concurrent IS NULL OR q.max_concurrent > (
        SELECT count(*) FROM task_jobs b WHERE b.org_id = j.org_id AND b.queue = j.queue AND ${BUSY}))
      AND (j.concurrency_key IS NULL OR NOT EXISTS (
        SELECT 1 FROM task_jobs b WHERE b.org_id = j.org_id AND b.concurrency_key = j.concurrency_key
          AND b.id <> j.id AND ${BUSY}))))
  ORDER BY j.resuming DESC, j.priority DESC, j.run_after, j.id LIMIT 1`;

const BEFORE = `
  SELECT state::text, resuming, attempt,
         (state = 'QUEUED' AND run_after <= clock_timestamp()
          OR state = 'RUNNING' AND lease_until < clock_timestamp()) AS "isFree"
  FROM task_jobs WHERE id = $1::uuid FOR UPDATE`;

const LOSE = `
  UPDATE task_executions SET state = 'LOST', finished_at = now()
  WHERE job_id = $1::uuid AND state = 'RUNNING' RETURNING ${EXECUTION_COLUMNS}`;

const TAKE = `
  UPDATE task_jobs j
  SET state = 'RUNNING', fence = fence + 1, worker_id = $2::uuid, resuming = false, look_at = NULL,
      lease_until = clock_timestamp() + make_interval(secs => $3::int),
      effect_id = coalesce(effect_id, $4::uuid), attempt = attempt + (NOT $5::boolean)::int,
      losses = losses + $6::boolean::int, started_at = coalesce(started_at, now()),
      attempt_ends_at = CASE WHEN $5::boolean THEN attempt_ends_at
                             ELSE clock_timestamp() + $7::float8 * interval '1 ms' END
  WHERE id = $1::uuid RETURNING ${JOB_COLUMNS_OF_J}`;

const BEGIN = `
  INSERT INTO task_executions (id, org_id, task_id, job_id, kind, queue, attempt, fence, worker_id, wait_ms)
  SELECT $1::uuid, org_id, task_id, id, kind, queue, attempt, fence, $3::uuid,
         greatest(0, least(2147483647, extract(epoch FROM clock_timestamp() - greatest(run_after, queued_at)) * 1000))::int
  FROM task_jobs WHERE id = $2::uuid RETURNING ${EXECUTION_COLUMNS}`;

const GO_ON = `
  UPDATE task_executions SET fence = $3::int, worker_id = $4::uuid
  WHERE job_id = $1::uuid AND attempt = $2::int RETURNING ${EXECUTION_COLUMNS}`;
