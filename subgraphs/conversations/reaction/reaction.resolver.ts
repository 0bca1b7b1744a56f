import { Arg, Ctx, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql';
import { badInput } from '#core/error';
import { perRequest, type RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { snapshotMessage } from '../conversation.presenter.ts';
import { MessageType } from '../message.type.ts';
import { Participant, type ParticipantReference } from '../participant.type.ts';
import type { RequestScope } from '../request-scope.ts';
import type { ReactionService } from './reaction.service.ts';
import {
  AddReactionInput,
  AddReactionPayload,
  MAX_NAMED,
  ReactionType,
  RemoveReactionInput,
  RemoveReactionPayload,
} from './reaction.type.ts';

@Resolver(() => MessageType)
export class ReactionResolver {
  private readonly loader;

  constructor(
    private readonly reactionService: ReactionService,
    private readonly scope: RequestScope,
  ) {
    this.loader = perRequest(({ viewer }) => reactionService.loader(viewer));
  }

  @FieldResolver(() => [ReactionType], {
    description: 'As they are now, also in events of the past; the emoji that came first at the front.',
  })
  reactions(@Ctx() context: RequestContext, @Root() message: MessageType): Promise<ReactionType[]> {
    return this.loader(context).load(message.id);
  }

  @Mutation(() => AddReactionPayload, { description: 'Puts an emoji to a message. Doing it again changes nothing.' })
  async addReaction(
    @Ctx() context: RequestContext,
    @Arg('input', () => AddReactionInput) input: AddReactionInput,
  ): Promise<AddReactionPayload> {
    const { loaders, presenter } = this.scope(context);
    const row = await this.reactionService.add(requireViewer(context.viewer), input, loaders);
    return { message: presenter.message(row.conversationId, snapshotMessage(row)) };
  }

  @Mutation(() => RemoveReactionPayload, {
    description: 'Takes an emoji of yours away from a message. Doing it again changes nothing.',
  })
  async removeReaction(
    @Ctx() context: RequestContext,
    @Arg('input', () => RemoveReactionInput) input: RemoveReactionInput,
  ): Promise<RemoveReactionPayload> {
    const { loaders, presenter } = this.scope(context);
    const row = await this.reactionService.remove(requireViewer(context.viewer), input, loaders);
    return { message: presenter.message(row.conversationId, snapshotMessage(row)) };
  }
}

@Resolver(() => ReactionType)
export class ReactorResolver {
  @FieldResolver(() => [Participant], { description: 'Who put it there, the first one first.' })
  users(
    @Root() { reactors }: ReactionType,
    @Arg('first', () => Int, { nullable: true, defaultValue: 10, description: 'At most 100.' }) first?: number | null,
  ): ParticipantReference[] {
    const size = first ?? 10;
    if (size < 0 || size > MAX_NAMED) throw badInput('first', `It must be between 0 and ${MAX_NAMED}.`);
    return reactors.slice(0, size);
  }
}
