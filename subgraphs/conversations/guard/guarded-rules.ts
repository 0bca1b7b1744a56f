import { LRUCache } from 'lru-cache';
import { DETECTORS, type DetectorName } from '#core/guard/detectors';
import { detectPattern } from '#core/guard/pattern';
import type { Detector } from '#core/guard/scanner';
import type { GuardRule, GuardVerdict, JudgeStretch } from '#core/guard/stream-guard';
import type { JsonValue } from '#core/model/model.port';
import { evaluateRules } from '#core/rule/evaluate-rules';
import type { Rule } from '#core/rule/rule';
import {
  type AppliedAction,
  actionsOf,
  isWorthKeeping,
  type RuleDecision,
  type RuleName,
  type TraceEntry,
} from '#core/rule/rule-decision';
import type { FactsOf } from '#core/rule/rule-fact';
import type { RuleSet } from '#core/rule/rule-set';

/** What rules about an agent's words are asked, but for the words. */
export type SpeechFacts = Omit<FactsOf<'OUTPUT'>, 'text' | 'found'>;

/** Conditions that are about the words are asked of each stretch; others once. */
const ABOUT_WORDS = /\b(?:text|found)\b/;
const ABOUT_FOUND = /\bfound\b/;

const patterns = new LRUCache<string, Detector>({ max: 1_000 });

/** Looks for everything, for conditions about what was found; nothing is done about it by itself. */
const LOOKING: GuardRule = {
  id: '',
  detectors: Object.values(DETECTORS),
  action: { kind: 'REDACT' },
  failMode: 'OPEN',
};

/** The rules that are about what one agent says in one run. */
export class GuardedRules {
  readonly rules: GuardRule[];
  readonly judge: JudgeStretch | undefined;
  /** The same for what is none of the agent's own words: it is not stopped. */
  readonly judgeRedactions: JudgeStretch | undefined;
  private readonly applied = new Map<string, AppliedRule>();
  private readonly decided: RuleDecision[] = [];

  private constructor(
    private readonly set: RuleSet,
    /** Once for each agent in whose name it is said. */
    private readonly facts: readonly SpeechFacts[],
    about: readonly Rule[],
  ) {
    const redactions = about.flatMap(toGuardRules);
    const isAboutWords = about.some(({ condition }) => ABOUT_WORDS.test(condition));
    const first = isAboutWords ? null : this.decide('', []);
    const counting = first && countingIn(...first);
    this.rules = counting ? redactions.filter(({ id }) => counting.has(id)) : redactions;
    if (about.some(({ condition }) => ABOUT_FOUND.test(condition))) this.rules.push(LOOKING);
    const isStopped = first !== null && 'stop' in this.verdictOf(first);
    if (isAboutWords || isStopped) {
      const decide: Decide = (stretch, labels) => first ?? this.decide(stretch, namesOf(labels));
      this.judge = (stretch, labels) => this.verdictOf(decide(stretch, labels));
      this.judgeRedactions = (stretch, labels) => ({ counting: countingIn(...decide(stretch, labels)) });
    }
  }

  /** Null where no rule is about it. */
  static of(set: RuleSet, facts: readonly SpeechFacts[]): GuardedRules | null {
    const rules = facts.flatMap((each) => set.about('OUTPUT', each).map(({ rule }) => rule));
    const about = [...new Map(rules.map((rule) => [rule.id, rule])).values()];
    return about.length > 0 ? new GuardedRules(set, facts, about) : null;
  }

  /** What they came to: which rules, what each did, and how often; never the words. Null where they did nothing. */
  decision(redactions: ReadonlyMap<string, number>, verdict: GuardVerdict | null): JsonValue {
    const told: JsonValue[] = [...this.applied.values()].flatMap(({ rule, action, error }) => {
      const count = redactions.get(rule.id) ?? 0;
      if (action === 'REDACT' && count === 0 && !error) return [];
      const { id, name, version } = rule;
      return [{ id, name, version, action, ...(action === 'REDACT' && { count }), ...(error && { error }) }];
    });
    if (verdict?.hasFailed) told.push({ id: verdict.ruleId, action: 'BLOCK', error: 'It could not be applied.' });
    return told.length > 0 ? told : null;
  }

  /** What they decided, all stretches together; null where they did nothing. */
  ruling(redactions: ReadonlyMap<string, number>, verdict: GuardVerdict | null): RuleDecision | null {
    const [first] = this.decided;
    if (!first) return null;
    const counts = ({ rule, action }: AppliedAction) => action.kind !== 'REDACT' || (redactions.get(rule.id) ?? 0) > 0;
    const actions = distinct(
      this.decided.flatMap((each) => each.actions),
      ({ rule, action }) => `${rule.id} ${action.kind}`,
    ).filter(counts);
    const acting = new Set(actions.map(({ rule }) => rule.id));
    const trace = this.decided
      .flatMap((each) => each.trace)
      .filter(({ rule, result }) => result === 'FAILED' || acting.has(rule.id));
    const merged: RuleDecision = {
      ...first,
      outcome: verdict?.action.kind === 'BLOCK' ? 'BLOCKED' : 'PASSED',
      actions,
      matched: distinct(
        this.decided.flatMap((each) => each.matched),
        ({ rule }) => rule.id,
      ).filter(({ rule }) => acting.has(rule.id)),
      trace: distinct(
        trace.sort((one, other) => weightOf(one) - weightOf(other)),
        ({ rule }) => rule.id,
      ),
      micros: this.decided.reduce((sum, { micros }) => sum + micros, 0),
    };
    return isWorthKeeping(merged) ? merged : null;
  }

  private decide(text: string, found: readonly string[]): RuleDecision[] {
    const decisions = this.facts.map((facts) => evaluateRules(this.set, 'OUTPUT', { ...facts, text, found }));
    this.decided.push(...decisions.filter(isWorthKeeping).slice(0, MAX_DECIDED - this.decided.length));
    for (const { actions, trace } of decisions) {
      for (const { rule, action } of actions) this.note(rule, action.kind, null);
      for (const { rule, error } of trace) if (error) this.note(rule, 'NONE', error);
    }
    return decisions;
  }

  private note(rule: RuleName, action: string, error: string | null): void {
    const known = this.applied.get(`${rule.id} ${action}`) ?? { rule, action, error };
    this.applied.set(`${rule.id} ${action}`, known);
  }

  private verdictOf(decisions: readonly RuleDecision[]): ReturnType<JudgeStretch> {
    const [end] = decisions.flatMap((decision) => actionsOf(decision, 'BLOCK', 'REPLACE'));
    if (!end) return { counting: countingIn(...decisions) };
    const { rule, action } = end;
    const done =
      action.kind === 'BLOCK'
        ? ({ kind: 'BLOCK', message: action.message } as const)
        : ({ kind: 'REPLACE', text: action.with } as const);
    return { stop: { ruleId: rule.id, action: done, hasFailed: false } };
  }
}

type Decide = (stretch: string, labels: ReadonlySet<string>) => RuleDecision[];

/** Of so many stretches it is kept what was decided. */
const MAX_DECIDED = 200;

const weightOf = ({ result }: TraceEntry): number => (result === 'MATCHED' ? 0 : result === 'FAILED' ? 1 : 2);

function distinct<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  const known = new Map<string, Item>();
  for (const item of items) if (!known.has(keyOf(item))) known.set(keyOf(item), item);
  return [...known.values()];
}

interface AppliedRule {
  rule: RuleName;
  action: string;
  error: string | null;
}

const countingIn = (...decisions: RuleDecision[]): ReadonlySet<string> =>
  new Set(decisions.flatMap((decision) => actionsOf(decision, 'REDACT')).map(({ rule }) => rule.id));

function namesOf(labels: ReadonlySet<string>): DetectorName[] {
  const names = Object.keys(DETECTORS) as DetectorName[];
  return names.filter((name) => labels.has(DETECTORS[name].label));
}

function toGuardRules({ id, actions, failMode }: Rule): GuardRule[] {
  return actions.flatMap((action) => {
    if (action.kind !== 'REDACT') return [];
    const detectors = [...action.detectors.map((name) => DETECTORS[name]), ...action.patterns.map(patternOf)];
    return { id, detectors, action: { kind: 'REDACT' as const, replacement: action.replacement }, failMode };
  });
}

function patternOf(pattern: string): Detector {
  const known = patterns.get(pattern);
  if (known) return known;
  let detector: Detector;
  try {
    detector = detectPattern(pattern);
  } catch (error) {
    // Was saved when more was understood: the rule's `failMode` says what follows.
    const fail = () => {
      throw error;
    };
    detector = { label: '', reach: 0, start: () => ({ held: Number.POSITIVE_INFINITY, next: fail, end: fail }) };
  }
  patterns.set(pattern, detector);
  return detector;
}
