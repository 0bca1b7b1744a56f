import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { notFound } from '#core/error';
import { DEFAULT_PAGE_SIZE } from '#core/graphql/pagination';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import {
  AddParticipantsInput,
  AddParticipantsPayload,
  CreateConversationInput,
  CreateConversationPayload,
  DeleteConversationInput,
  DeleteConversationPayload,
  RemoveParticipantInput,
  RemoveParticipantPayload,
  UpdateConversationInput,
  UpdateConversationPayload,
} from './conversation.input.ts';
import { snapshotMessage, snapshotRun } from './conversation.presenter.ts';
import type { ConversationService } from './conversation.service.ts';
import { ConversationConnection, ConversationType } from './conversation.type.ts';
import type { MessageService } from './message.service.ts';
import { MessageConnection } from './message.type.ts';
import type { RequestScope } from './request-scope.ts';
import type { RunService } from './run.service.ts';
import { RunConnection } from './run.type.ts';

@Resolver(() => ConversationType)
export class ConversationResolver {
  constructor(
    private readonly conversations: ConversationService,
    private readonly messageService: MessageService,
    private readonly runService: RunService,
    private readonly scope: RequestScope,
  ) {}

  @Query(() => ConversationConnection, { name: 'conversations', description: 'The rooms that you take part in.' })
  async list(
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: DEFAULT_PAGE_SIZE, description: 'At most 100.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on behind.' }) after?: string,
    @Arg('last', () => Int, { nullable: true, description: 'As many from the end, or from `before`.' }) last?: number,
    @Arg('before', () => String, { nullable: true, description: 'The cursor to end before.' }) before?: string,
  ) {
    const { presenter } = this.scope(context);
    // Who pages backward need not take the default of `first` back.
    const backward = (last != null || before != null) && first === DEFAULT_PAGE_SIZE;
    const page = { first: backward ? null : first, after, last, before };
    return this.conversations.list(requireViewer(context.viewer), page, (row) => presenter.conversation(row));
  }

  @Query(() => ConversationType, {
    name: 'conversation',
    nullable: true,
    description: 'NOT_FOUND where you may not see it.',
  })
  async find(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string) {
    const { loaders, presenter } = this.scope(context);
    const row = await this.conversations.find(requireViewer(context.viewer), id, loaders);
    if (!row) throw notFound('conversation');
    return presenter.conversation(row);
  }

  @FieldResolver(() => MessageConnection, {
    description: 'What was written, oldest first. `last: 20` is where a client begins.',
  })
  async messages(
    @Ctx() context: RequestContext,
    @Root() room: ConversationType,
    @Arg('first', () => Int, { nullable: true, description: '20 unless given; 200 at most.' }) first?: number,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on behind.' }) after?: string,
    @Arg('last', () => Int, { nullable: true, description: 'As many from the end, or from `before`.' }) last?: number,
    @Arg('before', () => String, { nullable: true, description: 'The cursor to end before.' }) before?: string,
  ) {
    const { loaders, presenter } = this.scope(context);
    return this.messageService.history(room.id, { first, after, last, before }, loaders, (row) =>
      presenter.message(room.id, snapshotMessage(row)),
    );
  }

  @FieldResolver(() => RunConnection, { description: 'What its agents have worked on, the newest first.' })
  async runs(
    @Ctx() context: RequestContext,
    @Root() room: ConversationType,
    @Arg('first', () => Int, { nullable: true, description: '20 unless given; 100 at most.' }) first?: number,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on behind.' }) after?: string,
    @Arg('last', () => Int, { nullable: true, description: 'As many from the end, or from `before`.' }) last?: number,
    @Arg('before', () => String, { nullable: true, description: 'The cursor to end before.' }) before?: string,
  ) {
    const { presenter } = this.scope(context);
    return this.runService.list(room.id, { first, after, last, before }, (row) => presenter.run(snapshotRun(row)));
  }

  @Mutation(() => CreateConversationPayload, { description: 'Makes a room. You are in it.' })
  async createConversation(
    @Ctx() context: RequestContext,
    @Arg('input', () => CreateConversationInput) input: CreateConversationInput,
  ): Promise<CreateConversationPayload> {
    const { presenter } = this.scope(context);
    const row = await this.conversations.create(requireViewer(context.viewer), input);
    return { conversation: presenter.conversation(row) };
  }

  @Mutation(() => UpdateConversationPayload, { description: 'Changes what is given and leaves the rest.' })
  async updateConversation(
    @Ctx() context: RequestContext,
    @Arg('input', () => UpdateConversationInput) input: UpdateConversationInput,
  ): Promise<UpdateConversationPayload> {
    const { loaders, presenter } = this.scope(context);
    const row = await this.conversations.rename(requireViewer(context.viewer), input, loaders);
    return { conversation: presenter.conversation(row) };
  }

  @Mutation(() => DeleteConversationPayload, { description: 'Deletes a room with everything in it, for good.' })
  async deleteConversation(
    @Ctx() context: RequestContext,
    @Arg('input', () => DeleteConversationInput) input: DeleteConversationInput,
  ): Promise<DeleteConversationPayload> {
    await this.conversations.delete(requireViewer(context.viewer), input.conversationId, this.scope(context).loaders);
    return { deletedConversationId: input.conversationId };
  }

  @Mutation(() => AddParticipantsPayload, {
    description: 'Brings people and agents into a room. Who is there already stays.',
  })
  async addParticipants(
    @Ctx() context: RequestContext,
    @Arg('input', () => AddParticipantsInput) input: AddParticipantsInput,
  ): Promise<AddParticipantsPayload> {
    const { loaders, presenter } = this.scope(context);
    const row = await this.conversations.addParticipants(requireViewer(context.viewer), input, loaders);
    return { conversation: presenter.conversation(row) };
  }

  @Mutation(() => RemoveParticipantPayload, { description: 'Takes somebody out of a room, or leaves it.' })
  async removeParticipant(
    @Ctx() context: RequestContext,
    @Arg('input', () => RemoveParticipantInput) input: RemoveParticipantInput,
  ): Promise<RemoveParticipantPayload> {
    await this.conversations.removeParticipant(requireViewer(context.viewer), input, this.scope(context).loaders);
    return { removedParticipantId: input.participantId };
  }
}
