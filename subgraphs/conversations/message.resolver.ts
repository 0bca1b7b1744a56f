import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { notFound } from '#core/error';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { SendMessageInput, SendMessagePayload } from './conversation.input.ts';
import { snapshotMessage, snapshotRun } from './conversation.presenter.ts';
import type { MessageService } from './message.service.ts';
import { MessageType } from './message.type.ts';
import type { RequestScope } from './request-scope.ts';

@Resolver()
export class MessageResolver {
  constructor(
    private readonly messages: MessageService,
    private readonly scope: RequestScope,
  ) {}

  @Query(() => MessageType, {
    name: 'message',
    nullable: true,
    description: 'NOT_FOUND where you may not see its room.',
  })
  async find(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string) {
    const { loaders, presenter } = this.scope(context);
    const row = await this.messages.find(requireViewer(context.viewer), id, loaders);
    if (!row) throw notFound('message');
    return presenter.message(row.conversationId, snapshotMessage(row));
  }

  @Mutation(() => SendMessagePayload, {
    description:
      'Writes in a room. Where an agent is in it, `run` is the answer to come: follow it with `conversationEvents`.',
  })
  async sendMessage(
    @Ctx() context: RequestContext,
    @Arg('input', () => SendMessageInput) input: SendMessageInput,
  ): Promise<SendMessagePayload> {
    const { loaders, presenter } = this.scope(context);
    const { message, run } = await this.messages.send(requireViewer(context.viewer), input, loaders);
    return {
      message: presenter.message(message.conversationId, snapshotMessage(message)),
      run: run && presenter.run(snapshotRun(run)),
    };
  }
}
