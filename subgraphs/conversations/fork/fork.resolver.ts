import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { perRequest, type RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { nullIfNotFound, openRoom } from '../conversation.access.ts';
import { snapshotMessage } from '../conversation.presenter.ts';
import { ConversationType } from '../conversation.type.ts';
import type { RequestScope } from '../request-scope.ts';
import type { ForkLoader, ForkService } from './fork.service.ts';
import { ForkConversationInput, ForkConversationPayload, ForkOriginType } from './fork.type.ts';

@Resolver(() => ConversationType)
export class ForkResolver {
  private readonly loader: (context: RequestContext) => ForkLoader;

  constructor(
    private readonly forks: ForkService,
    private readonly scope: RequestScope,
  ) {
    this.loader = perRequest(() => forks.loader());
  }

  @FieldResolver(() => ForkOriginType, {
    nullable: true,
    description: 'The room that this one was forked from, where you may read that.',
  })
  async forkedFrom(@Ctx() context: RequestContext, @Root() room: ConversationType) {
    const fork = await this.loader(context).load(room.id);
    if (!fork) return null;
    const { loaders, presenter } = this.scope(context);
    const viewer = requireViewer(context.viewer);
    const source = await openRoom(viewer, fork.sourceConversationId, loaders).catch(nullIfNotFound);
    if (!source) return null;
    const message = async () => {
      const row = await loaders.message.load(fork.sourceMessageId).catch(nullIfNotFound);
      return row && presenter.message(row.conversationId, snapshotMessage(row));
    };
    return { conversation: presenter.conversation(source.room), message, at: fork.forkedAt };
  }

  @Mutation(() => ForkConversationPayload, {
    description:
      'Makes a room that goes on from a message: with copies of what came before it, the same files, and no run. You are in it.',
  })
  async forkConversation(
    @Ctx() context: RequestContext,
    @Arg('input', () => ForkConversationInput) input: ForkConversationInput,
  ): Promise<ForkConversationPayload> {
    const { loaders, presenter } = this.scope(context);
    const row = await this.forks.fork(requireViewer(context.viewer), input, loaders);
    return { conversation: presenter.conversation(row) };
  }
}
