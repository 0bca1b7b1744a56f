import { doWithin, WorkTooLong } from '#core/bounded-work';
import { ConditionError, conditionSentence } from '#core/condition/condition';
import type { RuleStage } from './rule.ts';
import { type RuleActionKind, TERMINAL_ACTIONS } from './rule-action.ts';
import type {
  AppliedAction,
  MatchedRule,
  RuleDecision,
  RuleName,
  RuleOutcome,
  RuleResult,
  TraceEntry,
} from './rule-decision.ts';
import type { FactsOf } from './rule-fact.ts';
import type { CompiledRule, RuleSet } from './rule-set.ts';

/** Whether a rule applies, in the eyes of a model. */
export interface Verdict {
  applies: boolean;
  reason: string;
}

/** A model that was to be asked has not answered: the rule could not be evaluated. */
export class JudgeSilent extends Error {
  override readonly name = 'JudgeSilent';
}

/** Asks a model whether a rule applies, once its condition is true. @throws JudgeSilent, and what ends all of the work */
export type AskJudge = (rule: CompiledRule['rule']) => Promise<Verdict>;

/** How long conditions may hold the process at a stretch, in ms; sound ones take microseconds each. */
const STRETCH_MS = 50;
/** The same for all of one evaluation: what is left then fails without having been tried. */
const ALL_MS = 200;

/** Of these the first one counts, which is of the rule with the highest priority. */
const ONCE: ReadonlySet<RuleActionKind> = new Set(['ROUTE', 'SET_PRIORITY', 'REQUIRE_APPROVAL']);

/**
 * What the rules of a stage decide about the facts. Rules are looked at in the order of their priority until one allows,
 * blocks or ends; what the others want adds up. Conditions are about the facts as they were, whatever rules change.
 * A rule with a judge fails here: see `evaluateWithJudge`.
 * @param now In milliseconds since the epoch: which rules are in force.
 */
export function evaluateRules<Stage extends RuleStage>(
  set: RuleSet,
  stage: Stage,
  facts: FactsOf<Stage>,
  now = Date.now(),
): RuleDecision {
  const evaluation = new Evaluation(set, stage, facts, now);
  while (evaluation.advance()) evaluation.fail('A model cannot be asked here.');
  return evaluation.decision();
}

/** The same for rules that a model decides about as well. It is asked about a rule only once that is reached. */
export async function evaluateWithJudge<Stage extends RuleStage>(
  set: RuleSet,
  stage: Stage,
  facts: FactsOf<Stage>,
  ask: AskJudge,
  now = Date.now(),
): Promise<RuleDecision> {
  const evaluation = new Evaluation(set, stage, facts, now);
  for (let asks = evaluation.advance(); asks; asks = evaluation.advance()) {
    try {
      evaluation.judge(await ask(asks.rule));
    } catch (error) {
      if (!(error instanceof JudgeSilent)) throw error;
      evaluation.fail(error.message);
    }
  }
  return evaluation.decision();
}

class Evaluation {
  private readonly startedAt = performance.now();
  private readonly rules: readonly CompiledRule[];
  private readonly trace: TraceEntry[] = [];
  private readonly matched: MatchedRule[] = [];
  private readonly actions: AppliedAction[] = [];
  private outcome: RuleOutcome = 'PASSED';
  /** The rule that ended it. */
  private endedBy: RuleName | null = null;
  private heldMs = 0;
  /** The rule that is looked at. */
  private at = 0;
  /** The last one at which time was up. */
  private slow = -1;

  constructor(
    private readonly set: RuleSet,
    private readonly stage: RuleStage,
    private readonly facts: Readonly<Record<string, unknown>>,
    private readonly now: number,
  ) {
    this.rules = set.about(stage, facts);
  }

  /** Goes on up to the next rule that a model has to be asked about; null once there is none. */
  advance(): CompiledRule | null {
    while (this.at < this.rules.length) {
      const since = performance.now();
      try {
        const asks = doWithin(STRETCH_MS, () => this.testAll());
        if (asks) return asks;
      } catch (error) {
        if (!(error instanceof WorkTooLong)) throw error;
        // The first time it may have been those before it, or a machine that is busy; or that was the last of them.
        if (this.slow !== this.at) this.slow = this.at;
        else if (this.at < this.rules.length) this.fail('The condition takes too long.');
      } finally {
        this.heldMs += performance.now() - since;
      }
    }
    return null;
  }

  /** What a model said of the rule that is looked at. */
  judge({ applies, reason }: Verdict): void {
    const { rule } = this.current();
    if (applies) this.match('MATCHED', `The condition is true, and so says the judge: ${reason}`, null);
    else this.pass(rule, 'NOT_MATCHED', `The condition is true, but not so says the judge: ${reason}`);
  }

  /** The rule that is looked at could not be evaluated. */
  fail(problem: string): void {
    const { rule } = this.current();
    if (rule.failMode === 'OPEN') this.pass(rule, 'FAILED', 'It cannot be evaluated and is passed over.', problem);
    else this.match('FAILED', 'It cannot be evaluated and counts as true.', problem);
  }

  decision(): RuleDecision {
    return {
      stage: this.stage,
      outcome: this.outcome,
      actions: this.actions,
      matched: this.matched,
      trace: this.trace,
      setVersion: this.set.version,
      micros: Math.round((performance.now() - this.startedAt) * 1_000),
    };
  }

  private testAll(): CompiledRule | null {
    for (;;) {
      const compiled = this.rules[this.at];
      if (!compiled) return null;
      const { rule, test, problem } = compiled;
      if (this.endedBy) {
        this.pass(rule, 'SKIPPED', `The rule ${this.endedBy.name} has decided before it.`);
      } else if (this.now < compiled.from || this.now >= compiled.until) {
        const isEarly = this.now < compiled.from;
        const when = isEarly ? `counts from ${rule.validFrom}` : `counted until ${rule.validUntil}`;
        this.pass(rule, 'NOT_IN_FORCE', `It ${when}.`);
      } else if (!test) {
        this.fail(problem ?? 'The condition cannot be read.');
      } else if (this.heldMs >= ALL_MS) {
        this.fail('The conditions before it took too long.');
      } else {
        let isTrue: boolean;
        try {
          isTrue = test(this.facts);
        } catch (error) {
          if (!(error instanceof ConditionError)) throw error;
          this.fail(conditionSentence(rule.condition, error));
          continue;
        }
        if (!isTrue) this.pass(rule, 'NOT_MATCHED', 'The condition is false.');
        else if (rule.judge) return compiled;
        else this.match('MATCHED', 'The condition is true.', null);
      }
    }
  }

  private current(): CompiledRule {
    const compiled = this.rules[this.at];
    if (!compiled) throw new Error('There is no rule left to decide about.');
    return compiled;
  }

  private pass(rule: RuleName, result: RuleResult, why: string, error: string | null = null): void {
    this.trace.push({ rule: nameOf(rule), result, why, error });
    this.at += 1;
  }

  private match(result: RuleResult, why: string, error: string | null): void {
    const { rule } = this.current();
    const name = nameOf(rule);
    // A rule that could not be evaluated makes no exception.
    const wanted = result === 'FAILED' ? rule.actions.filter(({ kind }) => kind !== 'ALLOW') : rule.actions;
    if (wanted.length > 0) this.matched.push({ rule: name, actions: wanted });
    for (const action of wanted) {
      if (ONCE.has(action.kind) && this.actions.some((applied) => applied.action.kind === action.kind)) continue;
      this.actions.push({ rule: name, action });
      if (action.kind === 'REQUIRE_APPROVAL') this.outcome = 'APPROVAL';
      if (!TERMINAL_ACTIONS.has(action.kind)) continue;
      this.endedBy = name;
      if (action.kind === 'BLOCK') this.outcome = 'BLOCKED';
      else if (action.kind === 'END_CONVERSATION') this.outcome = 'ENDED';
      else if (this.outcome === 'PASSED') this.outcome = 'ALLOWED';
      break;
    }
    this.trace.push({ rule: name, result, why, error });
    this.at += 1;
  }
}

const nameOf = ({ id, versionId, version, name }: RuleName): RuleName => ({ id, versionId, version, name });
