import { type DigitGroup, DigitGroups } from './digit-groups.ts';
import { isWordPoint, type Point } from './point.ts';
import type { Detector, Report, Scanner } from './scanner.ts';

const MIN_DIGITS = 8;
/** With the two zeros that stand for a plus. */
const MAX_DIGITS = 17;
const SEPARATORS = ' -./()';
const MAX_SEPARATORS = 3;

/**
 * Numbers of telephones: international ones behind `+` or `00`; national ones that begin with a zero, in groups as they
 * are written; and those of North America, by threes and a four.
 */
export const PHONE: Detector = {
  label: '[phone]',
  reach: MAX_DIGITS * (MAX_SEPARATORS + 1),
  start: (report) => new PhoneScanner(report),
};

class PhoneScanner implements Scanner {
  private readonly digits: DigitGroups;
  private isInWord = false;

  constructor(report: Report) {
    this.digits = new DigitGroups({
      separators: SEPARATORS,
      maxSeparators: MAX_SEPARATORS,
      leads: '+(',
      maxDigits: MAX_DIGITS,
      onGroup: (groups) => {
        const last = groups.at(-1) as DigitGroup;
        groups.forEach((group, index) => {
          if (mayBegin(group) && isPhone(groups.slice(index))) report(group.start, last.end);
        });
      },
    });
  }

  get held(): number {
    return this.digits.held;
  }

  next(point: Point, at: number): void {
    if (point.kind === 'IGNORED') return;
    // Digits within a word are none of a telephone.
    if (point.digit >= 0 && this.isInWord) return;
    this.isInWord = point.digit < 0 && isWordPoint(point);
    this.digits.next(point, at);
  }

  end(): void {
    this.digits.end();
  }
}

/** Most groups begin nothing: that is seen at once. */
function mayBegin({ digits, before }: DigitGroup): boolean {
  if (before.endsWith('+')) return true;
  if (digits[0] === 0) return digits.length > 1;
  return digits.length === 3 || (digits.length === 1 && digits[0] === 1);
}

/** A country and at least seven digits, grouped as anybody likes. */
const INTERNATIONAL = /^(?:\+|00)[1-9]\d{6,14}$/;

/** How national numbers are written, with a space for whatever parts them. */
const NATIONAL = [
  /^0[1-9]\d{8,9}$/,
  /^0[1-9]\d{1,3}(?: \d{2,8}){1,4}$/,
  /^0\d(?: \d\d){4}$/,
  /^0\d (?:\d{3,4} \d{4}|\d{7,8})$/,
];

const NORTH_AMERICAN = /^(?:1 )?[2-9]\d\d [2-9]\d\d \d{4}$/;

function isPhone(groups: readonly DigitGroup[]): boolean {
  const [{ before }] = groups as [DigitGroup];
  const written = groups.map(({ digits }) => digits.join(''));
  const together = written.join('');
  const parted = written.join(' ');
  if (before.endsWith('+')) return INTERNATIONAL.test(`+${together}`);
  if (together.startsWith('00')) return INTERNATIONAL.test(together) && (groups.length > 1 || together.length > 11);
  if (NORTH_AMERICAN.test(parted)) return true;
  const isLong = together.length > MIN_DIGITS && together.length < 13;
  return isLong && NATIONAL.some((form) => form.test(parted));
}
