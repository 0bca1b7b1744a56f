import { z } from 'zod';
import type { Database } from '#core/database/database';
import { notFound } from '#core/error';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId } from '#core/id';
import { RULE_SCOPES, RULE_STAGES, type Rule } from '#core/rule/rule';
import { validate } from '#core/validate';
import { requirePermission, type Viewer } from '#core/viewer';
import type { Prisma } from '#prisma/generated/client';
import { text } from './rule-action.schema.ts';
import { diffRules, type RuleChange } from './rule-diff.ts';
import { contentOf, findRule, inForce, type RuleRow, type RuleVersionRow } from './rule-row.ts';

const ruleFilter = z.object({
  stage: z.enum(RULE_STAGES).nullish(),
  scopeKind: z.enum(RULE_SCOPES).nullish(),
  scopeOf: text(100).nullish(),
  enabled: z.boolean().nullish(),
  search: text(200).trim().nullish(),
});

/** The rules in force of an organization, with what tells this set of them from later ones. */
export interface RuleBookPage {
  version: number;
  rules: Rule[];
}

/** Reads rules on behalf of a viewer. What belongs to another organization does not exist. */
export class RuleReader {
  constructor(private readonly database: Pick<Database, 'scoped'>) {}

  /** @throws ParleyError `NOT_FOUND` */
  async find(viewer: Viewer, id: string): Promise<RuleRow> {
    requirePermission(viewer, 'rules:read');
    return findRule(this.database.scoped, viewer, id);
  }

  /** In the order in which they are looked at, stage by stage. */
  async list<Node>(
    viewer: Viewer,
    args: PageArgs,
    filter: unknown,
    present: (row: RuleRow) => Node,
  ): Promise<Page<Node>> {
    requirePermission(viewer, 'rules:read');
    const page = readPage(args, { parse: parseCursor });
    const matching = toWhere(validate(ruleFilter, filter ?? {}, 'filter'));
    const rows = await this.database.scoped.rule.findMany({
      where: { AND: [matching, page.cursor ? isBelow(page.cursor) : {}] },
      orderBy: [{ stage: 'asc' }, { priority: 'desc' }, { id: 'asc' }],
      take: page.limit + 1,
    });
    return toPage(page, rows, {
      cursorOf: ({ stage, priority, id }) => encodeCursor(stage, priority, id),
      present,
      totalCount: () => this.database.scoped.rule.count({ where: matching }),
    });
  }

  /** Newest first. */
  async listVersions<Node>(
    ruleId: string,
    args: PageArgs,
    present: (row: RuleVersionRow) => Node,
  ): Promise<Page<Node>> {
    const page = readPage(args, { parse: ([number]) => (/^\d{1,9}$/.test(number ?? '') ? Number(number) : null) });
    const rows = await this.database.scoped.ruleVersion.findMany({
      where: { ruleId, ...(page.cursor !== null && { number: { lt: page.cursor } }) },
      orderBy: { number: 'desc' },
      take: page.limit + 1,
    });
    return toPage(page, rows, {
      cursorOf: ({ number }) => encodeCursor(number),
      present,
      totalCount: () => this.database.scoped.ruleVersion.count({ where: { ruleId } }),
    });
  }

  findVersion(ruleId: string, number: number): Promise<RuleVersionRow | null> {
    return this.database.scoped.ruleVersion.findFirst({ where: { ruleId, number } });
  }

  /** What leads from one version to another. @throws ParleyError `NOT_FOUND` */
  async diff(viewer: Viewer, ruleId: string, from: number, to: number): Promise<RuleChange[]> {
    const { id } = await this.find(viewer, ruleId);
    const [before, after] = await Promise.all([this.findVersion(id, from), this.findVersion(id, to)]);
    if (!before) throw notFound(`version ${from} of this rule`);
    if (!after) throw notFound(`version ${to} of this rule`);
    return diffRules(contentOf(before), contentOf(after));
  }

  /** The rules in force; null where they are still those of the version `unless`. */
  async inForce(unless: number | null): Promise<RuleBookPage | null> {
    const book = await this.database.scoped.ruleBook.findFirst({ select: { version: true } });
    const version = Number(book?.version ?? 0);
    if (version === unless) return null;
    const rows = version === 0 ? [] : await this.database.scoped.rule.findMany({ where: { enabled: true } });
    return { version, rules: rows.map(inForce) };
  }
}

interface Cursor {
  stage: RuleRow['stage'];
  priority: number;
  id: string;
}

function parseCursor([stage, priority, id, ...rest]: string[]): Cursor | null {
  const known = RULE_STAGES.find((each) => each === stage);
  return known && /^-?\d{1,6}$/.test(priority ?? '') && isId(id) && rest.length === 0
    ? { stage: known, priority: Number(priority), id }
    : null;
}

/** What comes after the cursor. Stages come in the order of their list, as the database has it. */
const isBelow = ({ stage, priority, id }: Cursor): Prisma.RuleWhereInput => ({
  OR: [
    { stage: { in: RULE_STAGES.slice(RULE_STAGES.indexOf(stage) + 1) } },
    { stage, priority: { lt: priority } },
    { stage, priority, id: { gt: id } },
  ],
});

function toWhere({ stage, scopeKind, scopeOf, enabled, search }: z.output<typeof ruleFilter>): Prisma.RuleWhereInput {
  // `contains` takes % and _ for wildcards.
  const literal = search?.replace(/[\\%_]/g, '\\$&');
  return {
    ...(stage && { stage }),
    ...(scopeKind && { scopeKind }),
    ...(scopeOf && { scopeOf }),
    ...(enabled != null && { enabled }),
    ...(literal && { name: { contains: literal, mode: 'insensitive' as const } }),
  };
}
