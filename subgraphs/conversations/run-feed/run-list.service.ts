import type { Database } from '#core/database/database';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { firstIdAt, isId } from '#core/id';
import { can, type Viewer } from '#core/viewer';
import type { Prisma, Run } from '#prisma/generated/client';
import type { RunFilter } from './run-filter.type.ts';

/** Runs across rooms. */
export class RunListService {
  constructor(private readonly database: Database) {}

  /** The runs of all rooms that the viewer may read, the newest first. */
  async list<Node>(
    viewer: Viewer,
    filter: RunFilter,
    args: PageArgs,
    present: (row: Run) => Node,
  ): Promise<Page<Node>> {
    const request = readPage(args, { parse: ([kind, id]) => (kind === 'r' && id && isId(id) ? id : null) });
    const where = whereOf(viewer, filter);
    const [order, side] = request.direction === 'forward' ? (['desc', 'lt'] as const) : (['asc', 'gt'] as const);
    const beyond = request.cursor === null ? [] : [{ id: { [side]: request.cursor } }];
    const rows = where
      ? await this.database.scoped.run.findMany({
          where: { AND: [where, ...beyond] },
          orderBy: { id: order },
          take: request.limit + 1,
        })
      : [];
    return toPage(request, rows, {
      cursorOf: (row) => encodeCursor('r', row.id),
      present,
      totalCount: async () => (where ? this.database.scoped.run.count({ where }) : 0),
    });
  }
}

/** Null where nothing can fit. A run's id is as old as the message that asked for it, whatever has become of it since. */
function whereOf(viewer: Viewer, filter: RunFilter): Prisma.RunWhereInput | null {
  const { conversationId, agentId, states, from, until } = filter;
  if ([conversationId, agentId].some((id) => id != null && !isId(id))) return null;
  const takesPart = { participants: { some: { kind: 'USER' as const, participantId: viewer.userId, leftAt: null } } };
  return {
    ...(conversationId != null && { conversationId }),
    ...(agentId != null && { agentId }),
    ...(states && { state: { in: states } }),
    ...((from || until) && { id: { ...(from && { gte: firstIdAt(from) }), ...(until && { lt: firstIdAt(until) }) } }),
    ...(!can(viewer, 'conversations:read_all') && { conversation: takesPart }),
  };
}
