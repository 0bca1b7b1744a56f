import { Arg, Ctx, ID, Resolver, Root, Subscription } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { type EventService, isGap, type RoomEvent } from './event.service.ts';
import { ConversationEventType } from './event.type.ts';
import type { PresenceService } from './presence/presence.service.ts';
import type { RequestScope } from './request-scope.ts';

interface FollowArgs {
  conversationId: string;
  after?: string | null;
}

/** type-graphql makes the stream outside of any instance, so the service comes with the class. */
export function createEventResolver(events: EventService, presences: PresenceService, scope: RequestScope): object {
  const follow = async ({ args, context }: { args: FollowArgs; context: RequestContext }) => {
    const { conversationId, after = null } = args;
    const viewer = requireViewer(context.viewer);
    const { loaders } = scope(context);
    const followed = await events.follow(viewer, conversationId, after, loaders);
    return presences.attend(viewer, conversationId, loaders, followed);
  };

  @Resolver()
  class EventResolver {
    @Subscription(() => ConversationEventType, {
      subscribe: follow as never,
      description:
        'Everything that happens in a room, in order. With `after`, the cursor of the last event that you have, it goes on from there: nothing is missed and nothing comes twice. Without it, it starts now.',
    })
    conversationEvents(
      @Ctx() context: RequestContext,
      @Root() event: RoomEvent,
      @Arg('conversationId', () => ID) conversationId: string,
      @Arg('after', () => String, { nullable: true }) _after?: string,
    ) {
      const { presenter } = scope(context);
      return isGap(event) ? presenter.gap(conversationId, event) : presenter.event(conversationId, event);
    }
  }
  return new EventResolver();
}
