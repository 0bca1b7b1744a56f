import type { StreamAppend, StreamEvent } from '#core/stream/event';
import type { TaskExecutionType, TaskLogLineType } from '../execution.type.ts';
import type { TaskJobType } from '../job.type.ts';
import type { TaskType } from '../task.type.ts';

/** The payload of each type of event, as it lies in the stream of a task: things as they were when it happened. */
export interface TaskEventPayloads {
  TaskChanged: { task: TaskType };
  TaskJobChanged: { job: TaskJobType };
  TaskExecutionChanged: { execution: TaskExecutionType };
  TaskLogAdded: { executionId: string; line: TaskLogLineType };
}

export type TaskEventName = keyof TaskEventPayloads;

/** One event read back: its type says what its payload is. */
export type TaskEvent = {
  [Name in TaskEventName]: { type: Name; payload: TaskEventPayloads[Name]; seq: number; at: Date };
}[TaskEventName];

/** An event to be appended to the stream of a task, whose topic is the task's id. */
export const taskEvent = <Name extends TaskEventName>(
  task: { id: string; orgId: string },
  type: Name,
  payload: TaskEventPayloads[Name],
): StreamAppend => ({ topic: task.id, orgId: task.orgId, type, payload: JSON.stringify(payload) });

/** Fields that hold moments, which JSON has as text. What people gave or made out of it stays as it is. */
const MOMENT = /(At|After)$/;
const OPAQUE = new Set(['input', 'output', 'policy', 'error']);

/** Takes an event of the log apart. */
export function readTaskEvent({ type, payload, seq, at }: StreamEvent): TaskEvent {
  const read = JSON.parse(payload) as Record<string, unknown>;
  for (const part of Object.values(read)) if (typeof part === 'object' && part !== null) reviveMoments(part);
  return { type, seq, at, payload: read } as unknown as TaskEvent;
}

function reviveMoments(part: object): void {
  for (const [key, value] of Object.entries(part)) {
    if (OPAQUE.has(key) || typeof value !== 'string') continue;
    if (MOMENT.test(key) || key === 'at') Object.assign(part, { [key]: new Date(value) });
  }
}
