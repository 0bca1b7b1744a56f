import { countrySpecs } from 'ibantools';
import { isWordPoint, type Point } from './point.ts';
import type { Detector, Report, Scanner } from './scanner.ts';

type Kind = 'n' | 'a' | 'c';

/** What stands at each place behind the two digits that check it, by country: digits, letters, or either. */
const FORMS: ReadonlyMap<string, Kind[]> = new Map(
  Object.entries(countrySpecs).flatMap(([country, { chars, bban_regexp }]) => {
    const form = bban_regexp ? formOf(bban_regexp) : [];
    return chars && form.length === chars - 4 ? [[country, form] as const] : [];
  }),
);

const COUNTRIES = new Set([...FORMS.keys()].map((country) => country[0]));

/** `^[A-Z]{4}[0-9]{14}$` says four letters and fourteen digits. */
function formOf(expression: string): Kind[] {
  return [...expression.matchAll(/\[([^\]]+)\]\{(\d+)\}/g)].flatMap(([, set, count]) =>
    Array<Kind>(Number(count)).fill(set === '0-9' ? 'n' : set === 'A-Z' ? 'a' : 'c'),
  );
}

const MAX_CHARACTERS = 34;
const SEPARATORS = ' -._';
const MAX_SEPARATORS = 2;

/** Numbers of bank accounts by ISO 13616: of the length and form of their country, with right check digits. */
export const IBAN: Detector = {
  label: '[iban]',
  reach: MAX_CHARACTERS * (MAX_SEPARATORS + 1),
  start: (report) => new IbanScanner(report),
};

interface Candidate {
  start: number;
  country: string;
  /** Characters so far, without what parts them. */
  count: number;
  /** What it leaves when it is divided by 97, but for the four characters that come last in that. */
  rest: number;
  check: string;
}

class IbanScanner implements Scanner {
  private candidates: Candidate[] = [];
  private separators = 0;
  private isWordStart = true;

  constructor(private readonly report: Report) {}

  get held(): number {
    return this.candidates[0]?.start ?? Number.POSITIVE_INFINITY;
  }

  next(point: Point, at: number): void {
    if (point.kind === 'IGNORED') return;
    if (!isWordPoint(point)) {
      this.isWordStart = true;
      const isSeparator = point.plain !== '' && SEPARATORS.includes(point.plain);
      if (!isSeparator || ++this.separators > MAX_SEPARATORS) this.candidates = [];
      // A country is two letters that stand together.
      else this.candidates = this.candidates.filter(({ count }) => count !== 1);
      return;
    }
    const character = point.plain.toUpperCase();
    if (this.candidates.length > 0) {
      this.candidates = this.candidates.filter((candidate) => this.goesOn(candidate, character, at + point.size));
    }
    if (this.isWordStart && COUNTRIES.has(character)) {
      this.candidates.push({ start: at, country: character, count: 1, rest: 0, check: '' });
    }
    this.isWordStart = false;
    this.separators = 0;
  }

  end(): void {
    this.candidates = [];
  }

  private goesOn(candidate: Candidate, character: string, end: number): boolean {
    const { count } = candidate;
    candidate.count += 1;
    if (count === 1) {
      candidate.country += character;
      return FORMS.has(candidate.country);
    }
    if (count < 4) {
      candidate.check += character;
      return isDigit(character);
    }
    const form = FORMS.get(candidate.country) as Kind[];
    if (!fits(form[count - 4] as Kind, character)) return false;
    candidate.rest = append(candidate.rest, character);
    if (candidate.count < form.length + 4) return true;
    if ([...candidate.country, ...candidate.check].reduce(append, candidate.rest) === 1) {
      this.report(candidate.start, end);
    }
    return false;
  }
}

const isDigit = (character: string) => character >= '0' && character <= '9';
const isLetter = (character: string) => character >= 'A' && character <= 'Z';

const fits = (kind: Kind, character: string): boolean =>
  (kind !== 'a' && isDigit(character)) || (kind !== 'n' && isLetter(character));

/** Letters stand for the numbers from 10 to 35. */
function append(rest: number, character: string): number {
  const value = Number.parseInt(character, 36);
  return (rest * (value > 9 ? 100 : 10) + value) % 97;
}
