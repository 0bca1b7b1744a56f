import { newId } from '#core/id';
import type { JsonValue } from '#core/model/model.port';
import { toStorableJson } from '#core/storable-text';
import type { Job, Task, TaskExecution } from '#prisma/generated/client';
import type { AfterFailure, WorkError } from '../attempt/next-step.ts';
import type { TaskKinds } from '../kind/catalog.ts';
import { isComposite } from '../kind/kind.ts';
import { advance, type JobFacts, type TaskEnd } from './advance.ts';
import type { ClaimedJob } from './claim.ts';
import { EXECUTION_COLUMNS, JOB_COLUMNS, jobsOf, jsonOf, lockTask, TASK_COLUMNS } from './row.ts';
import { executionChanged, jobChanged, type TaskUnit, type TaskWriter, taskChanged } from './task-writer.ts';

/** How an attempt went. */
export type Settlement =
  | { kind: 'SUCCEEDED'; output: JsonValue }
  | { kind: 'AWAITS'; runId: string }
  | { kind: 'FAILED'; error: WorkError; timedOut: boolean; next: AfterFailure }
  | { kind: 'CANCELLED' }
  /** Its process ends: another takes the job up at once. */
  | { kind: 'PUT_DOWN' };

/** When somebody looks after what a job awaits though nothing was heard of it, in milliseconds. */
const LOOK_AFTER_MS = 20_000;

/**
 * Writes how an attempt went, and what follows of it for its job and its task, in one transaction.
 * @returns false where the claim was taken over: then nothing was written.
 */
export function settle(
  { job: claimed, execution }: ClaimedJob,
  settlement: Settlement,
  { writer, kinds }: { writer: TaskWriter; kinds: TaskKinds },
): Promise<boolean> {
  return writer.write(async (unit) => {
    const task = await lockTask(unit.tx, claimed.taskId);
    if (!task) return false;
    const isCancelled = task.cancelRequestedAt !== null;
    // Who had it cancelled is not to see it begin again.
    const effective = isCancelled && settlement.kind === 'FAILED' ? ({ kind: 'CANCELLED' } as const) : settlement;
    const job = await writeJob(unit, claimed, effective);
    if (!job) return false;
    unit.tell(jobChanged(job));
    const ended = await writeExecution(unit, execution, effective);
    if (ended) unit.tell(executionChanged(ended));
    if (job.state === 'QUEUED') unit.wake(job);
    if (job.state === 'AWAITING' && isCancelled) await resumeJobs(unit, RESUME_ONE, job.id);
    if (job.state !== 'AWAITING') unit.wakeQueue(job);
    await goOn(unit, task, kinds);
    return true;
  });
}

async function writeJob({ tx }: TaskUnit, { id, fence }: Job, settlement: Settlement): Promise<Job | undefined> {
  const [set, values] = changeOf(settlement);
  const [job] = await tx.$queryRawUnsafe<Job[]>(
    `UPDATE task_jobs SET ${set}, lease_until = NULL
     WHERE id = $1::uuid AND fence = $2::int AND state = 'RUNNING' RETURNING ${JOB_COLUMNS}`,
    id,
    fence,
    ...values,
  );
  return job;
}

const AGAIN = "state = 'QUEUED', effect_id = NULL, attempt_ends_at = NULL";
const OVER = 'finished_at = now(), attempt_ends_at = NULL';

/** What becomes of the job's row, from the parameter $3 on. */
function changeOf(settlement: Settlement): [string, unknown[]] {
  switch (settlement.kind) {
    case 'SUCCEEDED':
      return [`state = 'SUCCEEDED', error = NULL, output = $3::jsonb, ${OVER}`, [stored(settlement.output)]];
    case 'AWAITS':
      return ["state = 'AWAITING', look_at = now() + $3::float8 * interval '1 ms'", [LOOK_AFTER_MS]];
    case 'CANCELLED':
      return [`state = 'CANCELLED', ${OVER}`, []];
    case 'PUT_DOWN':
      return ["state = 'QUEUED', run_after = now()", []];
    case 'FAILED':
      return afterFailed(stored(settlement.error), settlement.next);
  }
}

function afterFailed(error: string | null, next: AfterFailure): [string, unknown[]] {
  switch (next.kind) {
    case 'RETRY':
      return [
        `${AGAIN}, failures = failures + 1, error = $3::jsonb, run_after = now() + $4::float8 * interval '1 ms'`,
        [error, next.delayMs],
      ];
    case 'DEFAULT_VALUE':
      return [
        `state = 'SUCCEEDED', recovered = 'DEFAULT_VALUE', failures = failures + 1, error = $3::jsonb, output = $4::jsonb, ${OVER}`,
        [error, stored(next.value)],
      ];
    case 'FALLBACK':
      return [
        `${AGAIN}, recovered = 'FALLBACK', failures = 0, losses = 0, round = round + 1, error = $3::jsonb, run_after = now(),
         input = jsonb_set(input, '{agentId}', to_jsonb($4::text))`,
        [error, next.agentId],
      ];
    case 'DEAD':
      return [`state = 'DEAD', failures = failures + 1, error = $3::jsonb, ${OVER}`, [error]];
  }
}

/** A JSON null is a value as well. */
const stored = (value: unknown): string => JSON.stringify(toStorableJson(value ?? null));

async function writeExecution(
  { tx }: TaskUnit,
  { id }: TaskExecution,
  settlement: Settlement,
): Promise<TaskExecution | undefined> {
  const { kind } = settlement;
  if (kind === 'AWAITS') {
    const [going] = await tx.$queryRawUnsafe<TaskExecution[]>(
      `UPDATE task_executions SET run_id = $2::uuid WHERE id = $1::uuid RETURNING ${EXECUTION_COLUMNS}`,
      id,
      settlement.runId,
    );
    return going;
  }
  const state =
    kind === 'FAILED' ? (settlement.timedOut ? 'TIMED_OUT' : 'FAILED') : kind === 'PUT_DOWN' ? 'LOST' : kind;
  const [ended] = await tx.$queryRawUnsafe<TaskExecution[]>(
    `UPDATE task_executions SET state = $2::"ExecutionState", output = $3::jsonb, error = $4::jsonb, finished_at = now()
     WHERE id = $1::uuid RETURNING ${EXECUTION_COLUMNS}`,
    id,
    state,
    kind === 'SUCCEEDED' ? stored(settlement.output) : null,
    kind === 'FAILED' ? stored(settlement.error) : null,
  );
  return ended;
}

/** Has workers look after jobs that are AWAITING. `condition` is about the parameter $1. */
export async function resumeJobs(unit: TaskUnit, condition: string, parameter: string): Promise<void> {
  const resumed = await unit.tx.$queryRawUnsafe<Job[]>(
    `UPDATE task_jobs SET state = 'QUEUED', resuming = true, run_after = now(), look_at = NULL
     WHERE state = 'AWAITING' AND ${condition} RETURNING ${JOB_COLUMNS}`,
    parameter,
  );
  for (const job of resumed) unit.wake(job);
}

const RESUME_ONE = 'id = $1::uuid';

/** Lets a task that is locked go on from where its jobs stand: the next of them, or its end. */
export async function goOn(unit: TaskUnit, task: Task, kinds: TaskKinds): Promise<void> {
  const kind = kinds.get(task.kind);
  const composite = kind && isComposite(kind) ? kind : null;
  const facts = {
    shape: composite?.unfold(task.input) ?? null,
    cancelled: task.cancelRequestedAt !== null,
    expired: task.error as unknown as WorkError | null,
  };
  // What a batch has put out is of any size, and needed at its end alone.
  const states = await unit.tx.$queryRaw<Pick<Job, 'id' | 'position' | 'state'>[]>`
    SELECT id::text, position, state::text FROM task_jobs WHERE task_id = ${task.id}::uuid ORDER BY position`;
  const bare = states.map(({ position, state }) => ({ position, state, output: null, error: null }));
  const { release, skip, end } = advance({ ...facts, jobs: bare });
  const isNeeded = end !== null || (release.length > 0 && composite?.inputOf !== undefined);
  const jobs = isNeeded ? await jobsOf(unit.tx, task.id) : [];
  const outputs = jobs.map(({ output }) => output as JsonValue);
  for (const position of release) {
    const input = composite?.inputOf?.(task.input, position, outputs);
    const [job] = await unit.tx.$queryRawUnsafe<Job[]>(
      RELEASE,
      states[position]?.id,
      input === undefined ? null : JSON.stringify(input),
    );
    if (!job) continue;
    unit.tell(jobChanged(job));
    unit.wake(job);
  }
  if (skip.length > 0) {
    const state = task.cancelRequestedAt ? 'CANCELLED' : 'SKIPPED';
    const skipped = await unit.tx.$queryRawUnsafe<Job[]>(SKIP, task.id, state);
    unit.tell(...skipped.map(jobChanged));
  }
  const { end: whole } = end ? advance({ ...facts, jobs: withSkipped(jobs, skip) }) : { end: null };
  if (whole) await endTask(unit, task, whole, kinds);
}

/** As they are once those that are never reached are written. */
const withSkipped = (jobs: readonly Job[], skip: readonly number[]): JobFacts[] =>
  jobs.map(({ position, state, output, error }) => ({
    position,
    state: skip.includes(position) ? 'SKIPPED' : state,
    output: output as JsonValue,
    error: error as unknown as WorkError | null,
  }));

const RELEASE = `
  UPDATE task_jobs SET state = 'QUEUED', input = coalesce($2::jsonb, input), queued_at = now(), run_after = now()
  WHERE id = $1::uuid AND state = 'HELD' RETURNING ${JOB_COLUMNS}`;

const SKIP = `
  UPDATE task_jobs SET state = $2::"JobState", finished_at = now()
  WHERE task_id = $1::uuid AND state = 'HELD' RETURNING ${JOB_COLUMNS}`;

async function endTask(unit: TaskUnit, task: Task, { state, output, error }: TaskEnd, kinds: TaskKinds): Promise<void> {
  const [ended] = await unit.tx.$queryRawUnsafe<Task[]>(
    `UPDATE tasks SET state = $2::"TaskState", output = $3::jsonb, error = $4::jsonb, finished_at = now()
     WHERE id = $1::uuid AND state IN ('QUEUED', 'RUNNING') RETURNING ${TASK_COLUMNS}`,
    task.id,
    state,
    jsonOf(output),
    jsonOf(error),
  );
  if (!ended) return;
  unit.tell(taskChanged(ended));
  if (ended.scheduleId) await beginNext(unit, ended.scheduleId, kinds);
  await unit.emit({
    id: newId(),
    orgId: task.orgId,
    type: 'task.finished',
    payload: { taskId: task.id, kind: task.kind, state, code: error?.code ?? null, scheduleId: task.scheduleId },
  });
}

/** Of a schedule whose tasks wait for one another: lets the next one begin, unless another is under way still. */
async function beginNext(unit: TaskUnit, scheduleId: string, kinds: TaskKinds): Promise<void> {
  const [next] = await unit.tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM tasks t
    WHERE schedule_id = ${scheduleId}::uuid AND state = 'QUEUED' AND held
      AND NOT EXISTS (SELECT 1 FROM tasks o WHERE o.schedule_id = t.schedule_id AND o.state IN ('QUEUED', 'RUNNING') AND NOT o.held)
    ORDER BY id LIMIT 1 FOR UPDATE`;
  if (!next) return;
  const [begun] = await unit.tx.$queryRawUnsafe<Task[]>(
    `UPDATE tasks SET held = false WHERE id = $1::uuid RETURNING ${TASK_COLUMNS}`,
    next.id,
  );
  if (begun) await goOn(unit, begun, kinds);
}
