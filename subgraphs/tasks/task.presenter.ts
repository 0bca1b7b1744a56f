import type { Job, Task, TaskExecution } from '#prisma/generated/client';
import type { TaskExecutionState, TaskExecutionType } from './execution.type.ts';
import type { TaskJobState, TaskJobType } from './job.type.ts';
import type { TaskErrorType, TaskState, TaskType } from './task.type.ts';

const errorOf = (error: unknown) => error as TaskErrorType | null;

export const presentTask = (row: Task): TaskType => ({
  id: row.id,
  kind: row.kind,
  state: row.state as TaskState,
  input: row.input,
  policy: row.policy,
  output: row.output,
  error: errorOf(row.error),
  queue: row.queue,
  priority: row.priority,
  dedupeKey: row.dedupeKey,
  concurrencyKey: row.concurrencyKey,
  createdBy: { id: row.createdById },
  createdAt: row.createdAt,
  startedAt: row.startedAt,
  finishedAt: row.finishedAt,
  expiresAt: row.expiresAt,
  cancelRequestedAt: row.cancelRequestedAt,
});

export const presentJob = (row: Job): TaskJobType => ({
  id: row.id,
  taskId: row.taskId,
  position: row.position,
  kind: row.kind,
  state: row.state as TaskJobState,
  queue: row.queue,
  input: row.input,
  output: row.output,
  error: errorOf(row.error),
  attempt: row.attempt,
  recovered: row.recovered,
  runAfter: row.runAfter,
  createdAt: row.createdAt,
  startedAt: row.startedAt,
  finishedAt: row.finishedAt,
});

export const presentExecution = (row: TaskExecution): TaskExecutionType => ({
  id: row.id,
  taskId: row.taskId,
  jobId: row.jobId,
  attempt: row.attempt,
  state: row.state as TaskExecutionState,
  workerId: row.workerId,
  waitMs: row.waitMs,
  progress: row.progress,
  note: row.note,
  run: row.runId === null ? null : { id: row.runId },
  output: row.output,
  error: errorOf(row.error),
  startedAt: row.startedAt,
  finishedAt: row.finishedAt,
});
