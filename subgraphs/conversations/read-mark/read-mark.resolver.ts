import { Arg, Ctx, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql';
import { perRequest, type RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { ConversationType } from '../conversation.type.ts';
import type { RequestScope } from '../request-scope.ts';
import type { ReadMarkService } from './read-mark.service.ts';
import { MarkReadInput, MarkReadPayload, ReadMarkType } from './read-mark.type.ts';

@Resolver(() => ConversationType)
export class ReadMarkResolver {
  private readonly loaders;

  constructor(
    private readonly marks: ReadMarkService,
    private readonly scope: RequestScope,
  ) {
    this.loaders = perRequest(({ viewer }) => marks.loaders(viewer));
  }

  @FieldResolver(() => [ReadMarkType], {
    description: 'How far those who are in the room have read, whoever has read furthest first.',
  })
  readMarks(@Ctx() context: RequestContext, @Root() room: ConversationType): Promise<ReadMarkType[]> {
    return this.loaders(context).marks.load(room.id);
  }

  @FieldResolver(() => Int, {
    description:
      'Messages of others that came after your mark, or after you came where you have none. Counted among the newest 1,000; 0 in a room that you are not in.',
  })
  unreadCount(@Ctx() context: RequestContext, @Root() room: ConversationType): Promise<number> {
    return this.loaders(context).unread.load(room.id);
  }

  @Mutation(() => MarkReadPayload, { description: 'Moves your read mark forward. It never goes back.' })
  async markRead(
    @Ctx() context: RequestContext,
    @Arg('input', () => MarkReadInput) input: MarkReadInput,
  ): Promise<MarkReadPayload> {
    const { loaders, presenter } = this.scope(context);
    const row = await this.marks.mark(requireViewer(context.viewer), input, loaders);
    return { conversation: presenter.conversation(row) };
  }
}
