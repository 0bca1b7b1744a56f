import type { Rule, RuleStage } from './rule.ts';
import type { RuleAction, RuleActionKind, RuleActionOf } from './rule-action.ts';

/**
 * What became of what the rules were asked about: `PASSED`, with whatever the actions change; `ALLOWED` by a rule that
 * makes an exception; `BLOCKED`; `ENDED` with its conversation; `APPROVAL` where a person has to agree first.
 */
export type RuleOutcome = 'PASSED' | 'ALLOWED' | 'BLOCKED' | 'ENDED' | 'APPROVAL';

/** What became of one rule. `FAILED`: its condition could not be evaluated; then `failMode` says whether it counts. */
export type RuleResult = 'MATCHED' | 'NOT_MATCHED' | 'FAILED' | 'NOT_IN_FORCE' | 'SKIPPED';

/** A rule, as decisions name it: it may be changed or deleted afterwards. */
export type RuleName = Pick<Rule, 'id' | 'versionId' | 'version' | 'name'>;

export interface TraceEntry {
  rule: RuleName;
  result: RuleResult;
  /** In words for people. */
  why: string;
  /** With `FAILED`: what is wrong with the condition, with line and column where they are known. */
  error: string | null;
}

/** A rule that counts: its condition is true, or could not be evaluated and the rule is closed then. */
export interface MatchedRule {
  rule: RuleName;
  actions: readonly RuleAction[];
}

/** An action that is to be done, with the rule that wants it. */
export interface AppliedAction<Action extends RuleAction = RuleAction> {
  rule: RuleName;
  action: Action;
}

export interface RuleDecision {
  stage: RuleStage;
  outcome: RuleOutcome;
  /** What is to be done, in order. What a rule of higher priority has decided otherwise is left out. */
  actions: readonly AppliedAction[];
  /** Every rule that counts, in order. */
  matched: readonly MatchedRule[];
  /** Every rule of the stage and the scopes at hand, in order. */
  trace: readonly TraceEntry[];
  /** Of the set of rules. */
  setVersion: number;
  /** How long it took, in microseconds. */
  micros: number;
}

/** Those of the actions that are of the kinds, in order. */
export const actionsOf = <Kind extends RuleActionKind>(
  { actions }: Pick<RuleDecision, 'actions'>,
  ...kinds: Kind[]
): AppliedAction<RuleActionOf<Kind>>[] =>
  actions.filter(({ action }) => (kinds as string[]).includes(action.kind)) as AppliedAction<RuleActionOf<Kind>>[];

/** Whether there is anything to do or to tell of a decision. */
export const isWorthKeeping = ({ matched, trace }: Pick<RuleDecision, 'matched' | 'trace'>): boolean =>
  matched.length > 0 || trace.some(({ result }) => result === 'FAILED');
