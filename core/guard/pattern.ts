import { type Program, patternProgram } from './pattern-program.ts';
import type { Point } from './point.ts';
import type { Detector, Report, Scanner } from './scanner.ts';

/** The longest match, in units of UTF-16. Of what would be longer, that much from its end. */
export const MAX_MATCH = 256;

/**
 * A detector of what fits a regular expression, in time that grows with the text alone. Of all that fits from one place on
 * the longest counts. Characters are taken as they are.
 * @throws PatternError
 */
export function detectPattern(pattern: string): Detector {
  const program = patternProgram(pattern);
  return { label: '[redacted]', reach: MAX_MATCH, start: (report) => new PatternScanner(program, report) };
}

const NOWHERE = Number.POSITIVE_INFINITY;

class PatternScanner implements Scanner {
  held = NOWHERE;
  /** The states that were reached, each with the first place from where on. */
  private reached = new Map<number, number>();
  private before: number | null = null;
  private position = 0;

  constructor(
    private readonly program: Program,
    private readonly report: Report,
  ) {}

  next({ code, size }: Point, at: number): void {
    this.position = at;
    const settled = this.settle(code);
    this.reached = new Map();
    this.held = NOWHERE;
    this.before = code;
    this.position = at + size;
    for (const [index, start] of settled) {
      const state = this.program.states[index] as (typeof this.program.states)[number];
      if (state.kind !== 'READ' || !state.accepts(code)) continue;
      const from = Math.max(start, this.position - MAX_MATCH);
      this.reached.set(state.next, Math.min(from, this.reached.get(state.next) ?? NOWHERE));
      this.held = Math.min(this.held, from);
    }
  }

  end(): void {
    this.settle(null);
    this.reached = new Map();
    this.held = NOWHERE;
  }

  /** Goes on as far as that needs no character, and reports what fits up to here. */
  private settle(following: number | null): Map<number, number> {
    const settled = new Map<number, number>();
    let fits = NOWHERE;
    const open = [...this.reached, [this.program.start, this.position] as const];
    for (let entry = open.pop(); entry; entry = open.pop()) {
      const [index, start] = entry;
      if ((settled.get(index) ?? NOWHERE) <= start) continue;
      settled.set(index, start);
      const state = this.program.states[index] as (typeof this.program.states)[number];
      if (state.kind === 'FITS') fits = Math.min(fits, start);
      else if (state.kind === 'EITHER') for (const next of state.next) open.push([next, start]);
      else if (state.kind === 'ASSERT' && state.holds(this.before, following)) open.push([state.next, start]);
    }
    if (fits < this.position) this.report(fits, this.position);
    return settled;
  }
}
