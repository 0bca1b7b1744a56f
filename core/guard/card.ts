import { type DigitGroup, DigitGroups } from './digit-groups.ts';
import type { Point } from './point.ts';
import type { Detector, Report, Scanner } from './scanner.ts';

const MIN_DIGITS = 13;
const MAX_DIGITS = 19;

/** What people and programs put between the digits of a number that is one. Not a comma: it parts numbers. */
const SEPARATORS = ' \n-._/*`~\'"';
const MAX_SEPARATORS = 3;

/** How the digits of cards are grouped where that is not by fours. */
const GROUPINGS = new Set(['4-6-5', '4-6-4', '4-4-5', '6-13', '8-8', '6-10']);

/** How issuers number their cards: the first digits, from and to, and how many digits there are. */
const ISSUERS: readonly [from: number, to: number, lengths: readonly number[]][] = [
  [4, 4, [13, 16, 18, 19]],
  [51, 55, [16]],
  [2221, 2720, [16]],
  [34, 34, [15]],
  [37, 37, [15]],
  [300, 305, [14, 15, 16, 17, 18, 19]],
  [309, 309, [14, 15, 16, 17, 18, 19]],
  [36, 36, [14, 15, 16, 17, 18, 19]],
  [38, 39, [14, 15, 16, 17, 18, 19]],
  [3528, 3589, [16, 17, 18, 19]],
  [50, 50, [13, 14, 15, 16, 17, 18, 19]],
  [56, 69, [13, 14, 15, 16, 17, 18, 19]],
  [2200, 2205, [16, 17, 18, 19]],
  [1, 1, [15]],
  [2131, 2131, [15]],
  [81, 82, [16, 17, 18, 19]],
  [8600, 8600, [16]],
  [9792, 9792, [16]],
  [9860, 9860, [16]],
];

/**
 * Numbers of payment cards: 13 to 19 digits of any script that an issuer numbers so, with a right check digit. In groups by
 * fours, or as cards are printed, they are found among other numbers; in any other groups only where no other digits are
 * beside them, since a table of figures would have one in it sooner or later.
 */
export const CARD: Detector = {
  label: '[card]',
  reach: MAX_DIGITS * (MAX_SEPARATORS + 1),
  start: (report) => new CardScanner(report),
};

class CardScanner implements Scanner {
  private readonly digits: DigitGroups;

  constructor(report: Report) {
    this.digits = new DigitGroups({
      separators: SEPARATORS,
      maxSeparators: MAX_SEPARATORS,
      leads: '',
      maxDigits: MAX_DIGITS,
      onGroup: (groups) => {
        for (const first of cardsAtEnd(groups)) {
          const found = groups.slice(first);
          if (isCardLike(found)) report((found[0] as DigitGroup).start, (found.at(-1) as DigitGroup).end);
        }
      },
      onEnd: (groups, isWhole) => {
        if (!isWhole) return;
        for (const first of cardsAtEnd(groups)) {
          // The number of an item in a list may stand before it.
          if (first <= 1) report((groups[first] as DigitGroup).start, (groups.at(-1) as DigitGroup).end);
        }
      },
    });
  }

  get held(): number {
    return this.digits.held;
  }

  next(point: Point, at: number): void {
    this.digits.next(point, at);
  }

  end(): void {
    this.digits.end();
  }
}

/** The groups with which numbers begin that end with the last group and could be of a card, the longest first. */
function cardsAtEnd(groups: readonly DigitGroup[]): number[] {
  const found: number[] = [];
  let total = 0;
  let sum = 0;
  for (let index = groups.length - 1; index >= 0; index -= 1) {
    const { digits } = groups[index] as DigitGroup;
    for (let place = digits.length - 1; place >= 0; place -= 1) {
      sum += weigh(digits[place] as number, total % 2 === 1);
      total += 1;
    }
    if (total < MIN_DIGITS || total > MAX_DIGITS || sum % 10 !== 0) continue;
    if (isIssued(headOf(groups, index), total, index === groups.length - 1)) found.unshift(index);
  }
  return found;
}

/** The sum of Luhn: every second digit from the end counts twice. */
function weigh(digit: number, isSecond: boolean): number {
  if (!isSecond) return digit;
  return digit > 4 ? digit * 2 - 9 : digit * 2;
}

function headOf(groups: readonly DigitGroup[], first: number): string {
  let head = '';
  for (let index = first; head.length < 4 && index < groups.length; index += 1) {
    head += (groups[index] as DigitGroup).digits.slice(0, 4).join('');
  }
  return head.slice(0, 4);
}

/** Sixteen digits in one are taken for a card whoever may issue it. */
function isIssued(head: string, total: number, isInOne: boolean): boolean {
  if (isInOne && total === 16) return head[0] !== '0';
  return ISSUERS.some(([from, to, lengths]) => {
    const start = Number(head.slice(0, String(from).length));
    return start >= from && start <= to && lengths.includes(total);
  });
}

function isCardLike(groups: readonly DigitGroup[]): boolean {
  if (groups.length === 1) return true;
  const sizes = groups.map(({ digits }) => digits.length);
  const last = sizes.at(-1) as number;
  return (last <= 4 && sizes.slice(0, -1).every((size) => size === 4)) || GROUPINGS.has(sizes.join('-'));
}
