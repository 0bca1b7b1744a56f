import { type EventTypes, eventType, field } from './event-type.ts';

const { id, ids, optionalId, optionalText, text } = field;

const task = { taskId: id };
const made = { ...task, kind: text, scheduleId: optionalId };
const queue = { queue: text };
const schedule = { scheduleId: id };

/** What happens to tasks, their queues and schedules: ids and states, and never what a task was given or has put out. */
export const TASK_EVENTS: EventTypes = {
  'task.created': eventType('A task was made.', 'TASK taskId', { ...made, queue: text, jobIds: ids, runAfter: text }),
  'task.cancel_requested': eventType('Somebody stopped a task.', 'TASK taskId', task),
  'task.finished': eventType('A task has ended.', 'TASK taskId', { ...made, state: text, code: optionalText }),
  'task.replayed': eventType('Dead letters were begun again.', 'ORGANIZATION', { taskIds: ids, jobIds: ids }),
  'task_queue.updated': eventType('The limits of a queue were changed.', 'ORGANIZATION', queue),
  'task_queue.paused': eventType('A queue was paused.', 'ORGANIZATION', queue),
  'task_queue.resumed': eventType('A queue goes on.', 'ORGANIZATION', queue),
  'task_queue.draining': eventType('A queue takes nothing new any more.', 'ORGANIZATION', queue),
  'schedule.created': eventType('A schedule was made.', 'SCHEDULE scheduleId', schedule),
  'schedule.updated': eventType('A schedule was changed.', 'SCHEDULE scheduleId', schedule),
  'schedule.paused': eventType('A schedule was paused.', 'SCHEDULE scheduleId', schedule),
  'schedule.resumed': eventType('A schedule goes on.', 'SCHEDULE scheduleId', schedule),
  'schedule.deleted': eventType('A schedule was deleted.', 'SCHEDULE scheduleId', schedule),
};
