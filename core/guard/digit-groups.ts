import type { Point } from './point.ts';

/** Digits with nothing between them that shows. */
export interface DigitGroup {
  start: number;
  end: number;
  digits: number[];
  /** What stood between the group before it and this one, or before the first one. */
  before: string;
}

interface DigitGroupsOptions {
  /** What may stand between two groups. */
  separators: string;
  /** How many of those in a row. */
  maxSeparators: number;
  /** What may stand right before the first group and belongs to it. */
  leads: string;
  /** How many digits are looked at together. */
  maxDigits: number;
  /** Called with each group that came to its end, the last of `groups`, which belong together. */
  onGroup(groups: readonly DigitGroup[]): void;
  /** Called when nothing more belongs to these. They are all that there was if `isWhole`. */
  onEnd?(groups: readonly DigitGroup[], isWhole: boolean): void;
}

/** What stands before a number is a bracket and a plus at most. */
const MAX_LEAD = 2;

/** Parts the digits of a text into groups that may belong together, and keeps as many as are looked at. */
export class DigitGroups {
  private groups: DigitGroup[] = [];
  private open: DigitGroup | null = null;
  private total = 0;
  private between = '';
  private leadAt = -1;
  private lead = '';
  private isTooLong = false;
  private isWhole = true;

  constructor(private readonly options: DigitGroupsOptions) {}

  /** Where the first of the groups begins; Infinity where there is none. */
  get held(): number {
    if (this.leadAt >= 0) return this.leadAt;
    return (this.groups[0] ?? this.open)?.start ?? Number.POSITIVE_INFINITY;
  }

  next({ kind, plain, digit, size }: Point, at: number): void {
    if (kind === 'IGNORED') return;
    if (digit >= 0) {
      this.take(digit, at, at + size);
      return;
    }
    const { separators, maxSeparators, leads } = this.options;
    if (this.isRunning && plain !== '' && separators.includes(plain) && this.between.length < maxSeparators) {
      this.close();
      this.between += plain;
      return;
    }
    this.end();
    if (plain === '' || !leads.includes(plain)) this.leadAt = -1;
    else if (this.leadAt < 0 || this.lead.length === MAX_LEAD) [this.leadAt, this.lead] = [at, plain];
    else this.lead += plain;
  }

  /** Nothing belongs any more to what came last. */
  end(): void {
    this.close();
    if (this.groups.length > 0) this.options.onEnd?.(this.groups, this.isWhole);
    this.groups = [];
    this.total = 0;
    this.between = '';
    this.isTooLong = false;
    this.isWhole = true;
  }

  private get isRunning(): boolean {
    return this.open !== null || this.groups.length > 0 || this.isTooLong;
  }

  private take(digit: number, at: number, end: number): void {
    if (this.isTooLong) {
      if (this.between === '') return;
      this.isTooLong = false;
    }
    if (this.open) {
      this.open.digits.push(digit);
      this.open.end = end;
    } else {
      const isLed = this.leadAt >= 0;
      this.open = { start: isLed ? this.leadAt : at, end, digits: [digit], before: isLed ? this.lead : this.between };
      this.between = '';
      this.leadAt = -1;
    }
    this.total += 1;
    while (this.total > this.options.maxDigits) {
      const gone = this.groups.shift();
      this.isWhole = false;
      if (gone) this.total -= gone.digits.length;
      else {
        // None that begins within it can be meant: its digits belong together.
        this.open = null;
        this.total = 0;
        this.isTooLong = true;
      }
    }
  }

  private close(): void {
    if (!this.open) return;
    this.groups.push(this.open);
    this.open = null;
    this.options.onGroup(this.groups);
  }
}
