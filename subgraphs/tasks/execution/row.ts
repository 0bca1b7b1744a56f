import type { RawTransaction } from '#core/database/transaction';
import type { Job, Task, TaskExecution, TaskExecutionLog } from '#prisma/generated/client';

/** Columns of a table under the names that its rows have in code. */
const columns = (names: readonly string[], prefix = ''): string =>
  names
    .map((name) => `${prefix}${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} AS "${name}"`)
    .join(', ');

const TASK = [
  'id',
  'orgId',
  'kind',
  'input',
  'policy',
  'state',
  'queue',
  'priority',
  'dedupeKey',
  'concurrencyKey',
  'output',
  'error',
  'createdById',
  'scheduleId',
  'scheduledFor',
  'createdAt',
  'startedAt',
  'finishedAt',
  'expiresAt',
  'cancelRequestedAt',
  'held',
  'originKey',
] as const satisfies readonly (keyof Task)[];

const JOB = [
  'id',
  'orgId',
  'taskId',
  'position',
  'kind',
  'input',
  'state',
  'queue',
  'priority',
  'concurrencyKey',
  'attempt',
  'failures',
  'losses',
  'round',
  'fence',
  'workerId',
  'leaseUntil',
  'runAfter',
  'effectId',
  'lookAt',
  'resuming',
  'attemptEndsAt',
  'recovered',
  'output',
  'error',
  'createdAt',
  'queuedAt',
  'startedAt',
  'finishedAt',
] as const satisfies readonly (keyof Job)[];

const EXECUTION = [
  'id',
  'orgId',
  'taskId',
  'jobId',
  'kind',
  'queue',
  'attempt',
  'fence',
  'workerId',
  'state',
  'waitMs',
  'progress',
  'note',
  'runId',
  'output',
  'error',
  'startedAt',
  'finishedAt',
] as const satisfies readonly (keyof TaskExecution)[];

const LOG = [
  'id',
  'orgId',
  'executionId',
  'level',
  'text',
  'at',
] as const satisfies readonly (keyof TaskExecutionLog)[];

export const TASK_COLUMNS = columns(TASK);
export const JOB_COLUMNS = columns(JOB);
export const JOB_COLUMNS_OF_J = columns(JOB, 'j.');
export const EXECUTION_COLUMNS = columns(EXECUTION);
export const LOG_COLUMNS = columns(LOG);

/**
 * Locks a task. Every transaction that changes one or its jobs begins with it: there is one order of locks.
 * @returns null where it is gone
 */
export async function lockTask(tx: RawTransaction, taskId: string): Promise<Task | null> {
  const [task] = await tx.$queryRawUnsafe<Task[]>(
    `SELECT ${TASK_COLUMNS} FROM tasks WHERE id = $1::uuid FOR UPDATE`,
    taskId,
  );
  return task ?? null;
}

/** Its jobs in their order, within a transaction that has locked it. */
export const jobsOf = (tx: RawTransaction, taskId: string): Promise<Job[]> =>
  tx.$queryRawUnsafe<Job[]>(`SELECT ${JOB_COLUMNS} FROM task_jobs WHERE task_id = $1::uuid ORDER BY position`, taskId);

/** What is stored of a value as JSON; null stays the absence of one. */
export const jsonOf = (value: unknown): string | null => (value == null ? null : JSON.stringify(value));

/** As far as a job can get. */
export const ENDED: readonly Job['state'][] = ['SUCCEEDED', 'DEAD', 'CANCELLED', 'SKIPPED'];
