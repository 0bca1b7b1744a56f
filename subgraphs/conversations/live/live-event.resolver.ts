import { Arg, Ctx, ID, Resolver, Root, Subscription } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { presentLiveEvent, presentLiveGap } from './live.presenter.ts';
import { LiveEventType } from './live-event.type.ts';
import { isLiveGap, type LiveFeed, type LiveFeedEvent } from './live-feed.ts';

interface FollowArgs {
  sessionId: string;
  after?: string | null;
}

/** type-graphql makes the stream outside of any instance, so the feed comes with the class. */
export function createLiveEventResolver(feed: LiveFeed): object {
  const follow = ({ args, context }: { args: FollowArgs; context: RequestContext }) =>
    feed.follow(requireViewer(context.viewer), args.sessionId, args.after ?? null);

  @Resolver()
  class LiveEventResolver {
    @Subscription(() => LiveEventType, {
      subscribe: follow as never,
      description:
        'Everything that happens in a live session of your own, in order, until it ends. With `after` it goes on from there: what happened in the last minutes is kept, and for some after the end. Without it, it starts now.',
    })
    liveEvents(
      @Ctx() _context: RequestContext,
      @Root() event: LiveFeedEvent,
      @Arg('sessionId', () => ID) _sessionId: string,
      @Arg('after', () => String, { nullable: true }) _after?: string,
    ) {
      return isLiveGap(event) ? presentLiveGap(event) : presentLiveEvent(event);
    }
  }
  return new LiveEventResolver();
}
