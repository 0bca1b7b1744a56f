import { Arg, Ctx, ID, Int, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { snapshotRun } from '../conversation.presenter.ts';
import { isGap } from '../event.service.ts';
import { ConversationEventType } from '../event.type.ts';
import type { RequestScope } from '../request-scope.ts';
import { RunConnection } from '../run.type.ts';
import type { RunEventService, RunFeedEvent } from './run-event.service.ts';
import { RunFilter } from './run-filter.type.ts';
import type { RunListService } from './run-list.service.ts';

interface FollowArgs {
  runId: string;
  after?: string | null;
}

/** type-graphql makes the stream outside of any instance, so the services come with the class. */
export function createRunFeedResolver(feed: RunEventService, lists: RunListService, scope: RequestScope): object {
  const follow = ({ args, context }: { args: FollowArgs; context: RequestContext }) =>
    feed.follow(requireViewer(context.viewer), args.runId, args.after ?? null, scope(context).loaders);

  @Resolver()
  class RunFeedResolver {
    @Subscription(() => ConversationEventType, {
      subscribe: follow as never,
      description:
        'What happens within one run alone, in order: its steps, tools, approvals, messages and deltas. It ends by itself once the run has ended. With `after`, the cursor of the last event that you have, it goes on from there; without it, it begins with the run.',
    })
    runEvents(
      @Ctx() context: RequestContext,
      @Root() { conversationId, event }: RunFeedEvent,
      @Arg('runId', () => ID) _runId: string,
      @Arg('after', () => String, { nullable: true }) _after?: string,
    ) {
      const { presenter } = scope(context);
      return isGap(event) ? presenter.gap(conversationId, event) : presenter.event(conversationId, event);
    }

    @Query(() => RunConnection, {
      description:
        'What agents have worked on in all rooms that you may read, the newest first. What they do for one another is no run of its own, but a step.',
    })
    async runs(
      @Ctx() context: RequestContext,
      @Arg('filter', () => RunFilter, { nullable: true }) filter?: RunFilter | null,
      @Arg('first', () => Int, { nullable: true, description: '20 unless given; 100 at most.' }) first?: number,
      @Arg('after', () => String, { nullable: true, description: 'The cursor to go on behind.' }) after?: string,
      @Arg('last', () => Int, { nullable: true, description: 'As many from the end, or from `before`.' }) last?: number,
      @Arg('before', () => String, { nullable: true, description: 'The cursor to end before.' }) before?: string,
    ) {
      const { presenter } = scope(context);
      return lists.list(requireViewer(context.viewer), filter ?? {}, { first, after, last, before }, (row) =>
        presenter.run(snapshotRun(row)),
      );
    }
  }
  return new RunFeedResolver();
}
