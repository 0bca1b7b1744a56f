import type { RuleContent } from '#core/rule/rule';
import type { RuleScopeType, RuleType, RuleVersionType } from './rule.type.ts';
import { presentAction } from './rule-action.type.ts';
import { contentOf, type RuleRow, type RuleVersionRow } from './rule-row.ts';

const presentScope = ({ kind, of }: RuleContent['scope']): RuleScopeType => ({
  kind,
  agent: kind === 'AGENT' && of ? { id: of } : null,
  conversation: kind === 'CONVERSATION' && of ? { id: of } : null,
  tool: kind === 'TOOL' ? of : null,
});

const presentContent = ({ scope, actions, validFrom, validUntil, ...rest }: RuleContent) => ({
  ...rest,
  scope: presentScope(scope),
  actions: actions.map(presentAction),
  validFrom: validFrom === null ? null : new Date(validFrom),
  validUntil: validUntil === null ? null : new Date(validUntil),
});

export const presentRule = (row: RuleRow): RuleType => ({
  ...presentContent(contentOf(row)),
  id: row.id,
  enabled: row.enabled,
  version: row.version,
  createdBy: { id: row.createdById },
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
});

export const presentVersion = (row: RuleVersionRow): RuleVersionType => ({
  ...presentContent(contentOf(row)),
  id: row.id,
  number: row.number,
  note: row.note,
  author: { id: row.authorId },
  restoredFrom: row.restoredFrom,
  createdAt: row.createdAt,
});
