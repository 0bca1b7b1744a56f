import { Arg, Ctx, ID, Mutation, Resolver, Root, Subscription } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { toParticipant } from '../participant.type.ts';
import type { RequestScope } from '../request-scope.ts';
import type { PresenceService } from './presence.service.ts';
import { RoomPresenceType, SetTypingInput, SetTypingPayload } from './presence.type.ts';
import type { Presence } from './room-state.ts';

/** type-graphql makes the stream outside of any instance, so the service comes with the class. */
export function createPresenceResolver(presences: PresenceService, scope: RequestScope): object {
  const follow = ({ args, context }: { args: { conversationId: string }; context: RequestContext }) =>
    presences.follow(requireViewer(context.viewer), args.conversationId, scope(context).loaders);

  @Resolver()
  class PresenceResolver {
    @Mutation(() => SetTypingPayload, {
      description: 'Says that you are typing, or no longer. It is shown to those who follow the room and kept nowhere.',
    })
    async setTyping(
      @Ctx() context: RequestContext,
      @Arg('input', () => SetTypingInput) input: SetTypingInput,
    ): Promise<SetTypingPayload> {
      const viewer = requireViewer(context.viewer);
      return { expiresAt: await presences.setTyping(viewer, input, scope(context).loaders) };
    }

    @Subscription(() => RoomPresenceType, {
      subscribe: follow as never,
      description:
        'Who is in a room and who types: first as it is now, then whenever it changes. Whoever follows the room by this or by `conversationEvents` is in it.',
    })
    roomPresence(
      @Ctx() context: RequestContext,
      @Root() { here, typing }: Presence,
      @Arg('conversationId', () => ID) conversationId: string,
    ): RoomPresenceType {
      const people = (ids: string[]) => ids.map((id) => toParticipant('USER', id));
      const conversation = scope(context).presenter.conversationReference(conversationId);
      return { conversation, here: people(here), typing: people(typing) };
    }
  }
  return new PresenceResolver();
}
