import { type CompiledCondition, ConditionError, compileCondition, conditionSentence } from '#core/condition/condition';
import type { Rule, RuleStage } from './rule.ts';
import { SCOPE_FACTS } from './rule-fact.ts';

/** A rule that is ready to be evaluated. */
export interface CompiledRule {
  rule: Rule;
  /** Null where it cannot be read: `problem` says why. */
  test: CompiledCondition | null;
  problem: string | null;
  /** Milliseconds since the epoch. */
  from: number;
  until: number;
}

const ALWAYS = 'ORG';

/**
 * The rules in force of an organization: conditions read once, sorted, and found by their stage and scope. A set never
 * changes; a change of a rule makes another one.
 */
export class RuleSet {
  /** By the stage, then by the scope. Each list in the order of evaluation. */
  private readonly byStage = new Map<RuleStage, Map<string, CompiledRule[]>>();

  constructor(
    /** Rises with each change of a rule of the organization. */
    readonly version: number,
    rules: readonly Rule[],
  ) {
    for (const rule of [...rules].sort(inOrder)) {
      const byScope = this.byStage.get(rule.stage) ?? new Map<string, CompiledRule[]>();
      this.byStage.set(rule.stage, byScope);
      const place = placeOf(rule.scope.kind, rule.scope.of);
      const there = byScope.get(place) ?? [];
      byScope.set(place, there);
      there.push(compile(rule));
    }
  }

  /** Whether there is any rule of the stage: without one, no facts have to be gathered. */
  has(stage: RuleStage): boolean {
    return this.byStage.has(stage);
  }

  /** The rules of a stage that are about what the facts name, in the order of evaluation. */
  about(stage: RuleStage, facts: Readonly<Record<string, unknown>>): readonly CompiledRule[] {
    const byScope = this.byStage.get(stage);
    if (!byScope) return [];
    const lists = [byScope.get(ALWAYS)];
    for (const [kind, fact] of Object.entries(SCOPE_FACTS)) {
      const of = facts[fact];
      if (typeof of === 'string') lists.push(byScope.get(placeOf(kind, of)));
    }
    const found = lists.filter((list) => list !== undefined);
    return found.length > 1 ? found.flat().sort((one, other) => inOrder(one.rule, other.rule)) : (found[0] ?? []);
  }
}

const placeOf = (kind: string, of: string | null): string => (of === null ? ALWAYS : `${kind}:${of}`);

/** The higher priority first; of equal ones the older, whose id is the smaller. */
export const inOrder = (one: Pick<Rule, 'priority' | 'id'>, other: Pick<Rule, 'priority' | 'id'>): number =>
  other.priority - one.priority || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);

function compile(rule: Rule): CompiledRule {
  const from = rule.validFrom === null ? Number.NEGATIVE_INFINITY : Date.parse(rule.validFrom);
  const until = rule.validUntil === null ? Number.POSITIVE_INFINITY : Date.parse(rule.validUntil);
  try {
    return { rule, test: compileCondition(rule.condition), problem: null, from, until };
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    return { rule, test: null, problem: conditionSentence(rule.condition, error), from, until };
  }
}
