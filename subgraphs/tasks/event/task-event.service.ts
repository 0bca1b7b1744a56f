import { badInput, notFound } from '#core/error';
import { decodeCursor } from '#core/graphql/pagination';
import type { StreamGapSignal, Streams } from '#core/stream/streams';
import type { Viewer } from '#core/viewer';
import type { TaskLoaders } from '../task.loaders.ts';
import type { TaskService } from '../task.service.ts';
import { readTaskEvent, type TaskEvent } from './task-event.ts';

/** What a subscriber is given: an event, or word that some are gone. */
export type FollowedTaskEvent = TaskEvent | StreamGapSignal;

/** What happens to tasks, as it happens. */
export class TaskEventService {
  constructor(
    private readonly streams: Streams,
    private readonly tasks: TaskService,
  ) {}

  /**
   * Follows a task from behind the cursor `after`, or from now on.
   * @throws ParleyError `NOT_FOUND`; `BAD_USER_INPUT` where `after` is not a cursor of an event.
   */
  async follow(
    viewer: Viewer,
    taskId: string,
    after: string | null,
    loaders: TaskLoaders,
  ): Promise<AsyncIterableIterator<FollowedTaskEvent>> {
    const seq = after === null ? null : readCursor(after);
    if (!(await this.tasks.find(viewer, taskId, loaders))) throw notFound('task');
    const tail = await this.streams.tail(taskId, seq);
    const events: AsyncIterableIterator<FollowedTaskEvent> = {
      next: async () => {
        const step = await tail.next();
        if (step.done) return { value: undefined, done: true };
        return { value: 'gap' in step.value ? step.value : readTaskEvent(step.value), done: false };
      },
      return: async () => {
        await tail.return?.();
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    return events;
  }
}

function readCursor(cursor: string): number {
  const [kind, seq] = decodeCursor(cursor) ?? [];
  if (kind !== 'k' || seq === undefined || !/^\d{1,15}$/.test(seq)) {
    throw badInput('after', 'It is not the cursor of an event. Take it from an event or from task.cursor.');
  }
  return Number(seq);
}
