import type { Database } from '#core/database/database';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId } from '#core/id';
import type { ContextSummary } from '#prisma/generated/client';
import type { ContextSummaryType } from './summary.type.ts';

/** What agents keep in mind of rooms. Whoever may read a room may see it. */
export class SummaryService {
  constructor(private readonly database: Database) {}

  /** Those of a room that the viewer may read, the newest first. */
  async list(conversationId: string, agentId: string | null, args: PageArgs): Promise<Page<ContextSummaryType>> {
    const request = readPage(args, { parse: ([kind, id]) => (kind === 'cs' && id && isId(id) ? id : null) });
    // No agent has an id that is none.
    const where = { conversationId, ...(agentId !== null && { agentId: { in: isId(agentId) ? [agentId] : [] } }) };
    const rows = await this.database.scoped.contextSummary.findMany({
      where: { ...where, ...(request.cursor !== null && { id: { lt: request.cursor } }) },
      orderBy: { id: 'desc' },
      take: request.limit + 1,
    });
    return toPage(request, rows, {
      cursorOf: (row) => encodeCursor('cs', row.id),
      present,
      totalCount: () => this.database.scoped.contextSummary.count({ where }),
    });
  }

  /** One of a room that the viewer may read; null where it is gone. */
  async find(id: string): Promise<ContextSummaryType | null> {
    const row = await this.database.scoped.contextSummary.findFirst({ where: { id } });
    return row && present(row);
  }
}

const present = ({ agentId, ...row }: ContextSummary): ContextSummaryType => ({ ...row, agent: { id: agentId } });
