import type { Database } from '#core/database/database';
import { badInput, notFound } from '#core/error';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId } from '#core/id';
import { validate } from '#core/validate';
import { requirePermission, type Viewer } from '#core/viewer';
import type { Prisma } from '#prisma/generated/client';
import type { MemoryLoaders } from './memory.loaders.ts';
import { concerns } from './memory.policy.ts';
import { memoryFilter } from './memory-fields.ts';
import type { MemoryRooms } from './memory-rooms.ts';
import type { MemoryRevisionRow, MemoryRow } from './memory-row.ts';

const NEWEST_FIRST = { id: 'desc' } as const;

/** Reads memory on behalf of a viewer. What is remembered of others, or in rooms that it does not see, does not exist. */
export class MemoryReader {
  constructor(
    private readonly database: Pick<Database, 'scoped'>,
    private readonly rooms: MemoryRooms,
  ) {}

  /** @throws ParleyError `NOT_FOUND` */
  async find(viewer: Viewer, id: string): Promise<MemoryRow> {
    const block = isId(id) ? await this.database.scoped.memoryBlock.findFirst({ where: { id } }) : null;
    if (!block || !concerns(viewer, block)) throw notFound('memory block');
    if (block.scope === 'CONVERSATION' && !(await this.rooms.canSee(viewer, block.subjectId))) {
      throw notFound('memory block');
    }
    return block;
  }

  /** Newest first. Blocks of a room are listed for that room alone. */
  async list<Node>(
    viewer: Viewer,
    args: PageArgs,
    filter: unknown,
    present: (block: MemoryRow) => Node,
  ): Promise<Page<Node>> {
    requirePermission(viewer, 'memory:read');
    const page = readPage(args, { parse: ([id, ...rest]) => (isId(id) && rest.length === 0 ? id : null) });
    const matching = await this.toWhere(viewer, filter);
    const rows = await this.database.scoped.memoryBlock.findMany({
      where: { AND: [matching, page.cursor ? { id: { lt: page.cursor } } : {}] },
      orderBy: NEWEST_FIRST,
      take: page.limit + 1,
    });
    return toPage(page, rows, {
      cursorOf: (row) => encodeCursor(row.id),
      present,
      totalCount: () => this.database.scoped.memoryBlock.count({ where: matching }),
    });
  }

  /** Newest first. */
  async listRevisions<Node>(
    loaders: MemoryLoaders,
    block: MemoryRow,
    args: PageArgs,
    present: (revision: MemoryRevisionRow) => Node,
  ): Promise<Page<Node>> {
    const page = readPage(args, { parse: parseNumber });
    const rows = await loaders.revisionPage.load({ blockId: block.id, below: page.cursor, limit: page.limit + 1 });
    return toPage(page, rows, {
      cursorOf: (row) => encodeCursor(row.number),
      present,
      totalCount: async () => block.revision,
    });
  }

  private async toWhere(viewer: Viewer, input: unknown): Promise<Prisma.MemoryBlockWhereInput> {
    const { scope, agentId, conversationId, search } = validate(memoryFilter, input ?? {}, 'filter');
    const conditions: Prisma.MemoryBlockWhereInput[] = [
      await this.subjects(viewer, { scope, agentId, conversationId }),
    ];
    if (scope) conditions.push({ scope });
    if (search) {
      // `contains` takes % and _ for wildcards.
      const matches = { contains: search.replace(/[\\%_]/g, '\\$&'), mode: 'insensitive' as const };
      conditions.push({ OR: [{ label: matches }, { description: matches }, { value: matches }] });
    }
    return { AND: conditions };
  }

  private async subjects(viewer: Viewer, { scope, agentId, conversationId }: SubjectFilter) {
    if (conversationId != null) {
      if (agentId != null) throw badInput('filter.conversationId', 'Give either agentId or conversationId.');
      if (!(await this.rooms.canSee(viewer, conversationId))) throw notFound('conversation');
      return { scope: 'CONVERSATION' as const, subjectId: conversationId };
    }
    if (scope === 'CONVERSATION') throw badInput('filter.conversationId', 'Say of which conversation.');
    if (agentId != null) {
      if (!isId(agentId)) throw notFound('agent');
      return { scope: 'AGENT' as const, subjectId: agentId };
    }
    return {
      OR: [{ scope: { in: ['ORG' as const, 'AGENT' as const] } }, { scope: 'USER' as const, subjectId: viewer.userId }],
    };
  }
}

interface SubjectFilter {
  scope: MemoryRow['scope'] | null | undefined;
  agentId: string | null | undefined;
  conversationId: string | null | undefined;
}

const MAX_INT = 2_147_483_647;

function parseNumber(content: string[]): number | null {
  const number = Number(content[0]);
  return content.length === 1 && Number.isInteger(number) && number > 0 && number <= MAX_INT ? number : null;
}
