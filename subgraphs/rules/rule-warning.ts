import { constantOf } from '#core/condition/condition';
import type { RuleContent } from '#core/rule/rule';
import { type RuleAction, TERMINAL_ACTIONS } from '#core/rule/rule-action';
import { inOrder } from '#core/rule/rule-set';

/** A rule beside others. */
export interface PlacedRule extends RuleContent {
  id: string;
}

/** Something doubtful about a rule, beside another one. */
export interface RuleWarning {
  code: 'UNREACHABLE' | 'SHADOWS' | 'CONTRADICTS';
  message: string;
  /** The other rule. */
  ruleId: string;
}

/** More than people look at. */
const MAX_WARNINGS = 20;

/** What is doubtful about a rule beside those that are in force. */
export function warningsOf(rule: PlacedRule, others: readonly PlacedRule[]): RuleWarning[] {
  const warnings: RuleWarning[] = [];
  for (const other of others) {
    if (other.id === rule.id || other.stage !== rule.stage) continue;
    if (decidesBefore(other, rule)) {
      const message = `It is never reached: ${other.name} decides before it, always.`;
      warnings.push({ code: 'UNREACHABLE', message, ruleId: other.id });
    } else if (decidesBefore(rule, other)) {
      const message = `${other.name} is reached no more: this one decides before it, always.`;
      warnings.push({ code: 'SHADOWS', message, ruleId: other.id });
    } else if (isSameCase(rule, other)) {
      const opposite = oppositeActions(rule, other);
      if (!opposite) continue;
      const winner = inOrder(rule, other) < 0 ? 'this one' : other.name;
      const message = `${other.name} wants the opposite under the same condition (${opposite}); ${winner} comes first.`;
      warnings.push({ code: 'CONTRADICTS', message, ruleId: other.id });
    }
    if (warnings.length === MAX_WARNINGS) break;
  }
  return warnings;
}

/** Whether a rule ends the evaluation whenever the other one would be looked at. */
function decidesBefore(rule: PlacedRule, other: PlacedRule): boolean {
  return (
    inOrder(rule, other) < 0 &&
    rule.judge === null &&
    rule.actions.some(({ kind }) => TERMINAL_ACTIONS.has(kind)) &&
    (rule.scope.kind === 'ORG' || isSameScope(rule, other)) &&
    (rule.validFrom === null || (other.validFrom !== null && rule.validFrom <= other.validFrom)) &&
    (rule.validUntil === null || (other.validUntil !== null && rule.validUntil >= other.validUntil)) &&
    constantOf(rule.condition) === true
  );
}

const isSameScope = (one: RuleContent, other: RuleContent): boolean =>
  one.scope.kind === other.scope.kind && one.scope.of === other.scope.of;

const isSameCase = (one: RuleContent, other: RuleContent): boolean =>
  isSameScope(one, other) &&
  withoutSpace(one.condition) === withoutSpace(other.condition) &&
  one.judge?.question === other.judge?.question;

/** Space means something within texts; there it is compared as it is. */
const withoutSpace = (condition: string): string =>
  condition.replace(/("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\s+/g, (_, quoted?: string) => quoted ?? '');

const OPPOSITES: readonly [RuleAction['kind'], RuleAction['kind']][] = [
  ['ALLOW', 'BLOCK'],
  ['ALLOW', 'END_CONVERSATION'],
  ['ALLOW', 'REQUIRE_APPROVAL'],
];

/** Of these there can be only one. */
const ONE_OF = ['ROUTE', 'SET_PRIORITY', 'REPLACE'] as const;

function oppositeActions(one: RuleContent, other: RuleContent): string | null {
  const has = (rule: RuleContent, kind: RuleAction['kind']) => rule.actions.find((action) => action.kind === kind);
  for (const [yes, no] of OPPOSITES) {
    if ((has(one, yes) && has(other, no)) || (has(one, no) && has(other, yes))) return `${yes} and ${no}`;
  }
  for (const kind of ONE_OF) {
    const [mine, theirs] = [has(one, kind), has(other, kind)];
    if (mine && theirs && JSON.stringify(mine) !== JSON.stringify(theirs)) return `another ${kind}`;
  }
  return null;
}
