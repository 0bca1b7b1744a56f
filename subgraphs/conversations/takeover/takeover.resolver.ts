import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { perRequest, type RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { snapshotRun } from '../conversation.presenter.ts';
import { ConversationType } from '../conversation.type.ts';
import type { RequestScope } from '../request-scope.ts';
import type { TakeoverLoader, TakeoverService } from './takeover.service.ts';
import {
  HandBackConversationInput,
  HandBackConversationPayload,
  TakeOverConversationInput,
  TakeOverConversationPayload,
  TakeoverType,
} from './takeover.type.ts';
import { presentTakeover } from './takeover-row.ts';

@Resolver(() => ConversationType)
export class TakeoverResolver {
  private readonly loader: (context: RequestContext) => TakeoverLoader;

  constructor(
    private readonly service: TakeoverService,
    private readonly scope: RequestScope,
  ) {
    this.loader = perRequest(() => service.loader());
  }

  @FieldResolver(() => [TakeoverType], {
    description: 'Who speaks for agents of the room now, the first one first; empty while all of them answer.',
  })
  async takeovers(@Ctx() context: RequestContext, @Root() { id }: ConversationType) {
    return (await this.loader(context).load(id)).map(presentTakeover);
  }

  @Mutation(() => TakeOverConversationPayload, {
    description:
      'Silences the agents of a room, or one of them: what is written is answered by people alone, until it is handed back. CONFLICT where somebody else has taken over.',
  })
  async takeOverConversation(
    @Ctx() context: RequestContext,
    @Arg('input', () => TakeOverConversationInput) input: TakeOverConversationInput,
  ): Promise<TakeOverConversationPayload> {
    const { loaders, presenter } = this.scope(context);
    const { room, takeover } = await this.service.take(requireViewer(context.viewer), input, loaders);
    return { conversation: presenter.conversation(room), takeover: presentTakeover(takeover) };
  }

  @Mutation(() => HandBackConversationPayload, {
    description: 'Lets agents that were silenced answer again; where none was, nothing changes.',
  })
  async handBackConversation(
    @Ctx() context: RequestContext,
    @Arg('input', () => HandBackConversationInput) input: HandBackConversationInput,
  ): Promise<HandBackConversationPayload> {
    const { loaders, presenter } = this.scope(context);
    const { room, run } = await this.service.handBack(requireViewer(context.viewer), input, loaders);
    return { conversation: presenter.conversation(room), run: run && presenter.run(snapshotRun(run)) };
  }
}
