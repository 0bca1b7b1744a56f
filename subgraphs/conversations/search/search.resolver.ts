import { Arg, Ctx, Int, Query, Resolver } from 'type-graphql';
import { DEFAULT_PAGE_SIZE } from '#core/graphql/pagination';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { snapshotMessage } from '../conversation.presenter.ts';
import type { RequestScope } from '../request-scope.ts';
import type { SearchService } from './search.service.ts';
import { MessageSearchConnection, MessageSearchFilter } from './search.type.ts';

@Resolver()
export class SearchResolver {
  constructor(
    private readonly searches: SearchService,
    private readonly scope: RequestScope,
  ) {}

  @Query(() => MessageSearchConnection, {
    description:
      'Messages that hold all the words, in rooms that you may read, the newest first; none that was taken back. `"words in order"`, `this or that`, `-without`; the last word may be the beginning of one.',
  })
  async searchMessages(
    @Ctx() context: RequestContext,
    @Arg('query', () => String, { description: 'At most 200 characters.' }) query: string,
    @Arg('filter', () => MessageSearchFilter, { nullable: true }) filter?: MessageSearchFilter | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: DEFAULT_PAGE_SIZE, description: 'At most 100.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on behind.' }) after?: string | null,
  ) {
    const { presenter } = this.scope(context);
    const page = await this.searches.search(requireViewer(context.viewer), query, filter ?? {}, { first, after });
    const edges = page.edges.map(({ cursor, node: { message, rank, snippet } }) => ({
      cursor,
      node: presenter.message(message.conversationId, snapshotMessage(message)),
      rank,
      snippet,
    }));
    return { ...page, edges, nodes: edges.map(({ node }) => node) };
  }
}
