import { z } from 'zod';
import type { Database } from '#core/database/database';
import type { Transactions } from '#core/database/transaction';
import { notFound } from '#core/error';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId } from '#core/id';
import { RULE_STAGES } from '#core/rule/rule';
import { validate } from '#core/validate';
import { requirePermission, type Viewer } from '#core/viewer';
import type { Prisma, RuleDecision, RuleNotice } from '#prisma/generated/client';

const id = z.string().refine(isId, 'It is not an id').nullish();

const decisionFilter = z.object({
  ruleId: id,
  conversationId: id,
  runId: id,
  stage: z.enum(RULE_STAGES).nullish(),
  outcome: z.enum(['PASSED', 'ALLOWED', 'BLOCKED', 'ENDED', 'APPROVAL']).nullish(),
});

const parse = ([cursor, ...rest]: string[]) => (isId(cursor) && rest.length === 0 ? cursor : null);

/** Reads what rules have decided, and what they tell people. */
export class DecisionReader {
  constructor(
    private readonly database: Pick<Database, 'scoped'>,
    private readonly transactions: Transactions,
  ) {}

  /** Newest first. */
  async list<Node>(
    viewer: Viewer,
    args: PageArgs,
    filter: unknown,
    present: (row: RuleDecision) => Node,
  ): Promise<Page<Node>> {
    requirePermission(viewer, 'rules:read');
    const page = readPage(args, { parse });
    const { ruleId, conversationId, runId, stage, outcome } = validate(decisionFilter, filter ?? {}, 'filter');
    const matching: Prisma.RuleDecisionWhereInput = {
      ...(ruleId && { rules: { some: { ruleId } } }),
      ...(conversationId && { conversationId }),
      ...(runId && { runId }),
      ...(stage && { stage }),
      ...(outcome && { outcome }),
    };
    const rows = await this.database.scoped.ruleDecision.findMany({
      where: { AND: [matching, page.cursor ? { id: { lt: page.cursor } } : {}] },
      orderBy: { id: 'desc' },
      take: page.limit + 1,
    });
    return toPage(page, rows, {
      cursorOf: (row) => encodeCursor(row.id),
      present,
      totalCount: () => this.database.scoped.ruleDecision.count({ where: matching }),
    });
  }

  /** What rules tell the viewer, newest first. */
  async notices<Node>(
    { userId }: Viewer,
    args: PageArgs,
    unreadOnly: boolean,
    present: (row: RuleNotice) => Node,
  ): Promise<Page<Node>> {
    const page = readPage(args, { parse });
    const matching = { userId, ...(unreadOnly && { readAt: null }) };
    const rows = await this.database.scoped.ruleNotice.findMany({
      where: { AND: [matching, page.cursor ? { id: { lt: page.cursor } } : {}] },
      orderBy: { id: 'desc' },
      take: page.limit + 1,
    });
    return toPage(page, rows, {
      cursorOf: (row) => encodeCursor(row.id),
      present,
      totalCount: () => this.database.scoped.ruleNotice.count({ where: matching }),
    });
  }

  /** Marks a notice of the viewer's and those before it as read. @returns How many were not yet. */
  async markRead({ userId }: Viewer, upToId: string): Promise<number> {
    return this.transactions.scoped(async ({ tx }) => {
      const notice = isId(upToId) ? await tx.ruleNotice.findFirst({ where: { id: upToId, userId } }) : null;
      if (!notice) throw notFound('notice');
      const { count } = await tx.ruleNotice.updateMany({
        where: { userId, id: { lte: notice.id }, readAt: null },
        data: { readAt: new Date() },
      });
      return count;
    });
  }
}
