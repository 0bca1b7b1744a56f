import { type Point, pointOf } from './point.ts';
import type { Detector, Scanner } from './scanner.ts';
import { stretchEnd } from './stretch.ts';

/** What is done about what is found. */
export type GuardAction =
  /** Something else stands in its place: `replacement`, or the label of what was found. */
  | { kind: 'REDACT'; replacement?: string }
  /** Nothing more of the text is shown; `text` stands in place of the rest. */
  | { kind: 'REPLACE'; text: string }
  /** Nothing more of the text is shown, and `message` says why. */
  | { kind: 'BLOCK'; message: string };

/** What is looked for in a text, and what is done about it. */
export interface GuardRule {
  /** How it is told which rule it was. */
  id: string;
  detectors: readonly Detector[];
  action: GuardAction;
  /** Where looking fails: the text passes as if nothing had been found, or goes no further. */
  failMode: 'OPEN' | 'CLOSED';
}

/** Why nothing more of a text is shown. */
export interface GuardVerdict {
  ruleId: string;
  action: Exclude<GuardAction, { kind: 'REDACT' }>;
  /** Looking for it failed, and the rule does not let pass what it cannot look at. */
  hasFailed: boolean;
}

/** Which of the rules count for a stretch, by their ids; or that nothing more is shown from its beginning on. */
export type StretchVerdict = { counting: ReadonlySet<string> } | { stop: GuardVerdict };

/** Decides about a stretch of the text, a sentence or a line, before it is shown. `found`: labels of what was found in it. */
export type JudgeStretch = (stretch: string, found: ReadonlySet<string>) => StretchVerdict;

export interface StreamGuardOptions {
  /** Without it all rules count throughout. */
  judge?: JudgeStretch | undefined;
  /** What stands before the text and was shown already: what begins in it is found, and what is left of it not shown. */
  before?: string;
}

/** How many characters that do not show may follow one another: what is beyond is left out. */
const MAX_IGNORED = 64;

interface Watch {
  rule: GuardRule;
  label: string;
  scanner: Scanner;
  last: Found | null;
}

interface Found {
  start: number;
  end: number;
  watch: Watch;
  /** It waits to be given out. */
  isDue: boolean;
  /** It does not count. */
  isVoid: boolean;
}

/** What a rule says that cannot be looked at where `failMode` is closed. */
const FAILED = 'The reply was stopped, since a rule about it could not be applied.';

/**
 * A text that is shown as it comes, but for what must not be. It holds back what may still turn out to be a part of
 * something that is looked for, and nothing else. What comes of a text depends on its characters alone, not on the pieces
 * it comes in.
 */
export class StreamGuard {
  private watches: Watch[] = [];
  private readonly redacted = new Map<string, number>();
  private half = '';
  /** What was not given out yet, from `base` on. */
  private text = '';
  private base = 0;
  private position = 0;
  /** Up to where the text was given out or is left out. */
  private cursor = 0;
  private foundEnd = -1;
  private ignored = 0;
  private clear = 0;
  private found: Found[] = [];
  private stopped: GuardVerdict | null = null;

  private readonly judge: JudgeStretch | undefined;

  constructor(rules: readonly GuardRule[], { judge, before = '' }: StreamGuardOptions = {}) {
    this.judge = judge;
    for (const rule of rules) {
      for (const detector of rule.detectors) {
        const watch: Watch = { rule, label: detector.label, last: null, scanner: NO_SCANNER };
        watch.scanner = detector.start((start, end) => this.note(watch, start, end));
        this.watches.push(watch);
      }
    }
    if (before === '') return;
    this.scan(before);
    for (const each of this.found) each.isDue = false;
    this.found = [];
    this.stopped = null;
    this.cursor = this.position;
    this.base = this.position;
    this.text = '';
  }

  /** What ended the text before its end; null while nothing has. */
  get verdict(): GuardVerdict | null {
    return this.stopped;
  }

  /** How often something was put in the place of what was found, by the id of the rule. */
  get redactions(): ReadonlyMap<string, number> {
    return this.redacted;
  }

  /** How much is held back, in units of UTF-16. */
  get heldBack(): number {
    return this.stopped ? 0 : this.half.length + this.base + this.text.length - this.cursor;
  }

  /** Takes the next piece. @returns What may be shown now. */
  push(piece: string): string {
    if (this.stopped) return '';
    const whole = this.half + piece;
    this.half = /[\ud800-\udbff]$/.test(whole) ? whole.slice(-1) : '';
    this.scan(this.half ? whole.slice(0, -1) : whole);
    return this.release();
  }

  /** It broke off. @returns What may be shown of the rest: not what could have become something that is looked for. */
  cut(): string {
    this.half = '';
    return this.stopped ? '' : this.release(true);
  }

  /** There is no more. @returns What may be shown of the rest. */
  end(): string {
    if (this.stopped) return '';
    this.scan(this.half);
    this.half = '';
    if (!this.stopped) {
      for (const watch of this.watches) {
        try {
          watch.scanner.end();
        } catch {
          this.fail(watch);
        }
      }
      if (!this.stopped) this.clear = this.position;
    }
    return this.release(this.stopped === null);
  }

  private scan(piece: string): void {
    let kept = '';
    let from = 0;
    for (let index = 0; index < piece.length && !this.stopped; ) {
      const point = pointOf(piece.codePointAt(index) as number);
      this.ignored = point.kind === 'IGNORED' ? this.ignored + 1 : 0;
      if (this.ignored > MAX_IGNORED) {
        kept += piece.slice(from, index);
        from = index + point.size;
      } else this.step(point);
      index += point.size;
    }
    this.text += from === 0 ? piece : kept + piece.slice(from);
  }

  private step(point: Point): void {
    const at = this.position;
    for (const watch of this.watches) {
      try {
        watch.scanner.next(point, at);
      } catch {
        this.fail(watch);
      }
    }
    if (this.stopped) return;
    this.position = at + point.size;
    this.clear = this.position;
    for (const { scanner } of this.watches) this.clear = Math.min(this.clear, scanner.held);
  }

  private fail(watch: Watch): void {
    if (watch.rule.failMode === 'CLOSED') this.stop(watch.rule, true);
    this.watches = this.watches.filter((each) => each !== watch);
  }

  private note(watch: Watch, start: number, end: number): void {
    const { rule, last } = watch;
    if (rule.action.kind !== 'REDACT') this.stop(rule, false);
    else if (last && start < last.end) {
      // What goes on, or overlaps, is one thing.
      last.start = Math.min(last.start, start);
      last.end = Math.max(last.end, end);
      this.put(last);
    } else {
      watch.last = { start, end, watch, isDue: false, isVoid: false };
      this.put(watch.last);
    }
  }

  private put(found: Found): void {
    if (found.isVoid) return;
    if (!found.isDue) this.found.push(found);
    found.isDue = true;
  }

  private stop(rule: GuardRule, hasFailed: boolean): void {
    if (this.stopped) return;
    const { action } = rule;
    const isEnd = action.kind !== 'REDACT';
    this.stopped = { ruleId: rule.id, action: isEnd ? action : { kind: 'BLOCK', message: FAILED }, hasFailed };
  }

  /** Gives out what is clear, and was judged where that is wanted. */
  private release(isEnd = false): string {
    this.found.sort((one, other) => one.start - other.start);
    let out = '';
    if (!this.judge) out = this.giveOut(this.clear);
    else {
      for (let to = this.stretchTo(isEnd); to !== null; to = this.stretchTo(isEnd)) {
        const verdict = this.judge(this.slice(this.cursor, to), this.labelsUpTo(to));
        if ('stop' in verdict) {
          this.stopped = verdict.stop;
          break;
        }
        out += this.giveOut(to, verdict.counting);
      }
    }
    const kept = Math.min(this.cursor, this.base + this.text.length);
    this.text = this.stopped ? '' : this.text.slice(kept - this.base);
    this.base = kept;
    return out;
  }

  /** Where the stretch ends that is to be judged next; null while it is not whole. */
  private stretchTo(isEnd: boolean): number | null {
    if (this.cursor >= this.clear) return null;
    const length = stretchEnd(this.slice(this.cursor, this.clear));
    if (length === null) return isEnd ? this.clear : null;
    let to = this.cursor + length;
    for (const { start, end } of this.found) if (start < to) to = Math.max(to, end);
    return to <= this.clear ? to : null;
  }

  private labelsUpTo(to: number): ReadonlySet<string> {
    return new Set(this.found.filter(({ start }) => start < to).map(({ watch }) => watch.label));
  }

  private giveOut(limit: number, counting?: ReadonlySet<string>): string {
    let out = '';
    let taken = 0;
    for (const each of this.found) {
      const { start, end, watch } = each;
      if (start >= limit) break;
      taken += 1;
      each.isDue = false;
      each.isVoid = counting !== undefined && !counting.has(watch.rule.id);
      if (each.isVoid) continue;
      if (start >= this.cursor) {
        this.skipMarks(start);
        out += this.slice(this.cursor, start) + textFor(watch);
        this.redacted.set(watch.rule.id, (this.redacted.get(watch.rule.id) ?? 0) + 1);
      }
      this.cursor = Math.max(this.cursor, end);
      this.foundEnd = this.cursor;
    }
    this.found.splice(0, taken);
    this.skipMarks(limit);
    if (this.cursor < limit) {
      out += this.slice(this.cursor, limit);
      this.cursor = limit;
    }
    return out;
  }

  /** Marks on the last character that was left out are left out with it. */
  private skipMarks(until: number): void {
    while (this.cursor === this.foundEnd && this.cursor < until) {
      const point = pointOf(this.text.codePointAt(this.cursor - this.base) as number);
      if (point.kind !== 'IGNORED') return;
      this.cursor += point.size;
      this.foundEnd = this.cursor;
    }
  }

  private slice(from: number, to: number): string {
    return this.text.slice(from - this.base, to - this.base);
  }
}

const textFor = ({ rule: { action }, label }: Watch): string =>
  (action.kind === 'REDACT' ? action.replacement : undefined) ?? label;

const NO_SCANNER: Scanner = { held: Number.POSITIVE_INFINITY, next: () => {}, end: () => {} };
