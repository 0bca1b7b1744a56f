import { Arg, Ctx, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { snapshotMessage, snapshotRun } from '../conversation.presenter.ts';
import { MessageType } from '../message.type.ts';
import type { RequestScope } from '../request-scope.ts';
import type { BranchService } from './branch.service.ts';
import {
  EditMessageInput,
  EditMessagePayload,
  RegenerateReplyInput,
  RegenerateReplyPayload,
  SelectBranchInput,
  SelectBranchPayload,
} from './branch.type.ts';

@Resolver(() => MessageType)
export class BranchResolver {
  constructor(
    private readonly branches: BranchService,
    private readonly scope: RequestScope,
  ) {}

  @FieldResolver(() => [MessageType], {
    description: 'The versions of this message, itself among them, in the order in which they came.',
  })
  async siblings(@Ctx() context: RequestContext, @Root() { id }: MessageType) {
    const { loaders, presenter } = this.scope(context);
    const rows = await loaders.siblings.load(id);
    return rows.map((row) => presenter.message(row.conversationId, snapshotMessage(row)));
  }

  @FieldResolver(() => Int, { description: 'How many versions of this message there are; 1 where it is the only one.' })
  async siblingCount(@Ctx() context: RequestContext, @Root() { id }: MessageType): Promise<number> {
    return Math.max(1, (await this.scope(context).loaders.siblings.load(id)).length);
  }

  @FieldResolver(() => Int, { description: 'Which of its versions this is, counted from 0.' })
  async siblingIndex(@Ctx() context: RequestContext, @Root() { id }: MessageType): Promise<number> {
    const rows = await this.scope(context).loaders.siblings.load(id);
    return Math.max(
      0,
      rows.findIndex((row) => row.id === id),
    );
  }

  @FieldResolver(() => Boolean, {
    description: 'Whether it is part of what the room shows now, and of what agents know.',
  })
  async isShown(@Ctx() context: RequestContext, @Root() { id }: MessageType): Promise<boolean> {
    return (await this.scope(context).loaders.message.load(id)).isShown;
  }

  @Mutation(() => EditMessagePayload, {
    description:
      'Writes a message of your own anew: as another version of it, shown in its place and answered. The earlier one is kept with all that followed it: see `Message.siblings` and `selectBranch`.',
  })
  async editMessage(
    @Ctx() context: RequestContext,
    @Arg('input', () => EditMessageInput) input: EditMessageInput,
  ): Promise<EditMessagePayload> {
    const { loaders, presenter } = this.scope(context);
    const { message, run } = await this.branches.edit(requireViewer(context.viewer), input, loaders);
    return {
      message: presenter.message(message.conversationId, snapshotMessage(message)),
      run: run && presenter.run(snapshotRun(run)),
    };
  }

  @Mutation(() => RegenerateReplyPayload, {
    description:
      'Has a message answered once more. The earlier answer is kept as another version, with all that followed it.',
  })
  async regenerateReply(
    @Ctx() context: RequestContext,
    @Arg('input', () => RegenerateReplyInput) input: RegenerateReplyInput,
  ): Promise<RegenerateReplyPayload> {
    const { loaders, presenter } = this.scope(context);
    const run = await this.branches.regenerate(requireViewer(context.viewer), input, loaders);
    return { run: presenter.run(snapshotRun(run)) };
  }

  @Mutation(() => SelectBranchPayload, {
    description:
      'Shows a version of a message, for everybody in the room, and what was last written behind it. CONFLICT while a run is not finished.',
  })
  async selectBranch(
    @Ctx() context: RequestContext,
    @Arg('input', () => SelectBranchInput) input: SelectBranchInput,
  ): Promise<SelectBranchPayload> {
    const { loaders, presenter } = this.scope(context);
    const { room, message } = await this.branches.select(requireViewer(context.viewer), input, loaders);
    return {
      conversation: presenter.conversation(room),
      message: presenter.message(room.id, snapshotMessage(message)),
    };
  }
}
