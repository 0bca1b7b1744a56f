import type { ScopedTransaction } from '#core/database/scoped-client';
import { conflict, notFound } from '#core/error';
import { isId } from '#core/id';
import { type RuleContent, type Rule as RuleInForce, ruleContent } from '#core/rule/rule';
import type { Viewer } from '#core/viewer';
import type { Rule, RuleVersion } from '#prisma/generated/client';
import type { PlacedRule } from './rule-warning.ts';

export type RuleRow = Rule;
export type RuleVersionRow = RuleVersion;

/** What a rule or a version of it says. */
export const contentOf = (row: Pick<RuleRow, 'content'>): RuleContent => ruleContent.parse(row.content);

/** A row as it is evaluated. */
export function inForce(row: RuleRow): RuleInForce {
  const { description: _, ...content } = contentOf(row);
  return { ...content, id: row.id, versionId: row.versionId, version: row.version };
}

export const placed = (row: RuleRow): PlacedRule => ({ ...contentOf(row), id: row.id });

/** The columns that a content is found by. */
export const columnsOf = (content: RuleContent) => ({
  name: content.name,
  stage: content.stage,
  scopeKind: content.scope.kind,
  scopeOf: content.scope.of,
  priority: content.priority,
  content: { ...content },
});

/** Keeps others from changing rules of the organization until the transaction ends, and counts the change. */
export async function lockBook(tx: ScopedTransaction): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO rule_books (version) VALUES (1)
    ON CONFLICT (org_id) DO UPDATE SET version = rule_books.version + 1`;
}

/** @throws ParleyError `NOT_FOUND` where the viewer's organization has no such rule */
export async function findRule(tx: Pick<ScopedTransaction, 'rule'>, viewer: Viewer, id: string): Promise<RuleRow> {
  const row = isId(id) ? await tx.rule.findFirst({ where: { id } }) : null;
  if (!row || row.orgId !== viewer.orgId) throw notFound('rule');
  return row;
}

/** @throws ParleyError `CONFLICT` where the rule is at another version than the caller saw */
export function assertVersion(row: RuleRow, expected: number | null | undefined): void {
  if (expected == null || expected === row.version) return;
  throw conflict(`The rule has changed: it is now at version ${row.version}, not ${expected}.`);
}
