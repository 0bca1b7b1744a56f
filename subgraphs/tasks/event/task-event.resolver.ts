import { Arg, Ctx, FieldResolver, ID, Resolver, Root, Subscription } from 'type-graphql';
import { encodeCursor } from '#core/graphql/pagination';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { TaskLoadersOf } from '../task.loaders.ts';
import { TaskType } from '../task.type.ts';
import type { FollowedTaskEvent, TaskEventService } from './task-event.service.ts';
import { TaskEventType } from './task-event.type.ts';

interface FollowArgs {
  taskId: string;
  after?: string | null;
}

/** type-graphql makes the stream outside of any instance, so the service comes with the class. */
export function createTaskEventResolver(events: TaskEventService, loaders: TaskLoadersOf): object {
  const follow = ({ args, context }: { args: FollowArgs; context: RequestContext }) =>
    events.follow(requireViewer(context.viewer), args.taskId, args.after ?? null, loaders(context));

  @Resolver(() => TaskType)
  class TaskEventResolver {
    @Subscription(() => TaskEventType, {
      subscribe: follow as never,
      description:
        'Everything that happens to a task, in order. With `after`, the cursor of the last event that you have, it goes on from there: nothing is missed and nothing comes twice. Without it, it starts now.',
    })
    taskEvents(
      @Root() event: FollowedTaskEvent,
      @Arg('taskId', () => ID) taskId: string,
      @Arg('after', () => String, { nullable: true }) _after?: string,
    ) {
      const common = { cursor: encodeCursor('k', event.seq), at: event.at, taskId };
      if ('gap' in event) return { __typename: 'TaskStreamGap', ...common };
      return { __typename: event.type, ...common, ...event.payload };
    }

    @FieldResolver(() => String, {
      description:
        'The newest event of the task: who has just loaded passes it as `after` to `taskEvents` and misses nothing.',
    })
    async cursor(@Ctx() context: RequestContext, @Root() task: TaskType): Promise<string> {
      return encodeCursor('k', await loaders(context).head.load(task.id));
    }
  }
  return new TaskEventResolver();
}
