import type { Point } from './point.ts';

/** Says that the text from `start` up to, but not including, `end` is what was looked for, in units of UTF-16. */
export type Report = (start: number, end: number) => void;

/**
 * Looks for something in a text that comes character by character. What it says depends on the characters alone, never
 * on the pieces that they came in; it takes the same time for each, and keeps no more of the text than `reach`.
 */
export interface Scanner {
  /**
   * From where on the text may be a part of something that it has not reported yet, as an offset from the beginning.
   * Infinity where nothing may. It never goes back; what is reported begins at or behind it, or overlaps what was
   * reported last, which grows by that.
   */
  readonly held: number;

  /** Takes the next character. It stands at `at`. */
  next(point: Point, at: number): void;

  /** There are no more. */
  end(): void;
}

/** Something that can be looked for. */
export interface Detector {
  /** Stands for what was found: `[card]`. */
  readonly label: string;
  /** How many characters, those that do not show left out, may be held back at most. */
  readonly reach: number;
  start(report: Report): Scanner;
}
