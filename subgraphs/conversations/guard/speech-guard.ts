import { type GuardVerdict, StreamGuard } from '#core/guard/stream-guard';
import type { JsonValue } from '#core/model/model.port';
import type { RuleDecision } from '#core/rule/rule-decision';
import { StepFailure } from '../orchestration/run-signal.ts';
import type { Speaker } from '../orchestration/speaker.ts';
import type { GuardedRules } from './guarded-rules.ts';

/** What a run or a step ends with that a rule has stopped. */
export const BLOCKED = 'RULE_BLOCKED';

/** How much of what was shown before goes along, so that what begins there is found: more than any detector reaches. */
const MAX_BEFORE = 600;

export type SpeechKind = 'text' | 'thinking';

/** What one call of a model says, as rules let it be shown, kept, and told to others. */
export class SpeechGuard {
  /** It is not all that the model has said, or not as it has said it. */
  hasChanged = false;
  private readonly streams: Record<SpeechKind, StreamGuard>;
  private thoughts = '';
  private readonly redactions = new Map<string, number>();
  private stopped: GuardVerdict | null = null;
  private heldSince: number | null = null;

  /**
   * @param before What the room has seen of the message already.
   * @param onHeld Told of how long what is shown was held back, in seconds.
   */
  constructor(
    private readonly rules: GuardedRules,
    before: string,
    private readonly onHeld: (seconds: number) => void,
  ) {
    const { judge } = rules;
    this.streams = {
      text: new StreamGuard(rules.rules, { judge, before: before.slice(-MAX_BEFORE) }),
      thinking: new StreamGuard(rules.rules, { judge }),
    };
  }

  /** What ended it before its end. */
  get verdict(): GuardVerdict | null {
    return this.stopped ?? this.streams.text.verdict ?? this.streams.thinking.verdict;
  }

  /** Which rules did what about it: see `GuardedRules.decision`. */
  get decision(): JsonValue {
    return this.rules.decision(this.counts(), this.verdict);
  }

  /** What they decided, all stretches together, to be kept; null where they did nothing. */
  get ruling(): RuleDecision | null {
    return this.rules.ruling(this.counts(), this.verdict);
  }

  /** What may be shown now. */
  take(kind: SpeechKind, piece: string): string {
    if (this.verdict) return '';
    const stream = this.streams[kind];
    const shown = stream.push(piece);
    const now = performance.now();
    if (shown !== '') {
      this.onHeld(this.heldSince === null ? 0 : (now - this.heldSince) / 1_000);
      this.heldSince = null;
    }
    if (stream.heldBack > 0) this.heldSince ??= now;
    if (kind === 'thinking') this.thoughts = (this.thoughts + shown).slice(-MAX_BEFORE);
    return shown;
  }

  /** It thinks no more for now. @returns What may be shown of the rest */
  pause(): string {
    const shown = this.rest('thinking', false);
    if (this.verdict) return shown;
    this.count(this.streams.thinking);
    const { rules, judge } = this.rules;
    this.streams.thinking = new StreamGuard(rules, { judge, before: (this.thoughts + shown).slice(-MAX_BEFORE) });
    return shown;
  }

  /** What may be shown of the rest, once the model has come to its end, or `isCut`: to no end of its own. */
  rest(kind: SpeechKind, isCut: boolean): string {
    const stream = this.streams[kind];
    if (this.verdict) return '';
    const shown = isCut ? stream.cut() : stream.end();
    if (stream.redactions.size > 0 || stream.verdict || stream.heldBack > 0) this.hasChanged = true;
    return shown;
  }

  /** A value with every text in it as it may be told to others. Where a rule stops it, `verdict` says so. */
  clean<T>(value: T): T {
    return map(value, (text) => {
      const guard = new StreamGuard(this.rules.rules, { judge: this.rules.judge });
      const shown = this.whole(text, guard);
      this.stopped ??= guard.verdict;
      return shown;
    });
  }

  /** What is none of the agent's own words, such as the result of a tool, without what is not to be shown of it. */
  redact<T>(value: T): T {
    return map(value, (text) =>
      this.whole(text, new StreamGuard(this.rules.rules, { judge: this.rules.judgeRedactions })),
    );
  }

  private counts(): Map<string, number> {
    const counts = new Map(this.redactions);
    for (const { redactions } of Object.values(this.streams)) {
      for (const [id, count] of redactions) counts.set(id, (counts.get(id) ?? 0) + count);
    }
    return counts;
  }

  private count({ redactions }: StreamGuard): void {
    for (const [id, count] of redactions) this.redactions.set(id, (this.redactions.get(id) ?? 0) + count);
  }

  private whole(text: string, guard: StreamGuard): string {
    const shown = guard.push(text) + guard.end();
    this.count(guard);
    if (shown !== text) this.hasChanged = true;
    return guard.verdict?.action.kind === 'REPLACE' ? guard.verdict.action.text : shown;
  }
}

/** A value with every text in it, names of fields included, as `clean` has it; and every number that is not to be shown. */
function map<T>(value: T, clean: (text: string) => string): T {
  if (typeof value === 'string') return clean(value) as T;
  if (typeof value === 'number') {
    const shown = clean(String(value));
    return (shown === String(value) ? value : shown) as T;
  }
  if (Array.isArray(value)) return value.map((each) => map(each, clean)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [clean(key), map(each, clean)])) as T;
}

/** What the decision of a step tells of rules: which of them did what, and how often. */
export function toldOf(guard: SpeechGuard | null): { rules: JsonValue } | null {
  const rules = guard?.decision ?? null;
  return rules === null ? null : { rules };
}

export const isBlocked = (error: unknown): error is StepFailure =>
  error instanceof StepFailure && error.error.code === BLOCKED;

/** Tells the room why nothing more is said, where a rule has stopped it. @throws StepFailure then */
export function refuseIfBlocked({ verdict }: SpeechGuard, speaker: Speaker | null): void {
  if (verdict?.action.kind !== 'BLOCK') return;
  speaker?.begin();
  speaker?.say('text', verdict.action.message);
  throw blockedBy(verdict);
}

/** The end of a step that a rule has stopped: nothing repeats it. */
export function blockedBy({ action }: GuardVerdict): StepFailure {
  const message = action.kind === 'BLOCK' ? action.message : action.text;
  return new StepFailure({ code: BLOCKED, message, retryable: false });
}
