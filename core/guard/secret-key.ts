import { isWordPoint, type Point } from './point.ts';
import type { Report, Scanner } from './scanner.ts';
import { SECRET_FORMS, type SecretForm } from './secret-form.ts';

/** How much of what begins like a key is looked at for whether it is one. */
export const MAX_UNSURE = 64;

/** So many letters in a row are no words. */
const LONG_STRETCH = 20;

/** By the inside of a character class: which characters of ASCII are in it. */
const bodies = new Map(
  [...new Set(SECRET_FORMS.map(({ body }) => body))].map((body) => {
    const expression = new RegExp(`[${body}]`);
    return [
      body,
      new Set(Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).filter(isIn(expression))),
    ];
  }),
);

function isIn(expression: RegExp) {
  return (character: string) => expression.test(character);
}

interface Candidate {
  start: number;
  /** What was read so far, while it is not known which of the forms it has. */
  typed: string;
  forms: readonly SecretForm[];
  form: SecretForm | null;
  /** Characters behind the prefix, and those in a row that are letters or digits. */
  count: number;
  stretch: number;
  isLong: boolean;
  hasDigit: boolean;
  /** Behind the last character that may be its last one. */
  end: number;
  isSure: boolean;
}

/** Finds keys by how they begin. */
export class KeyScanner implements Scanner {
  private candidates: Candidate[] = [];
  private isWordStart = true;
  held = Number.POSITIVE_INFINITY;

  constructor(private readonly report: Report) {}

  next(point: Point, at: number): void {
    if (point.kind === 'IGNORED') return;
    if (this.candidates.length > 0) {
      this.candidates = this.candidates.filter((candidate) => this.goesOn(candidate, point, at));
    }
    const isWord = isWordPoint(point);
    if (this.isWordStart && isWord) this.begin(point, at);
    this.isWordStart = !isWord;
    this.held = Number.POSITIVE_INFINITY;
    for (const candidate of this.candidates) this.held = Math.min(this.held, heldBy(candidate, at + point.size));
  }

  end(): void {
    this.candidates = [];
    this.held = Number.POSITIVE_INFINITY;
  }

  private begin({ plain, size }: Point, at: number): void {
    const forms = BY_FIRST.get(plain);
    if (!forms) return;
    const fresh = { form: null, count: 0, stretch: 0, isLong: false, hasDigit: false, isSure: false };
    this.candidates.push({ ...fresh, start: at, typed: plain, forms, end: at + size });
  }

  private goesOn(candidate: Candidate, { plain, size }: Point, at: number): boolean {
    if (plain === '') return false;
    if (candidate.form) return this.grow(candidate, plain, at, at + size);
    candidate.typed += plain;
    const { typed, forms } = candidate;
    const left = forms.filter(({ prefix }) => prefix.length >= typed.length && prefix.startsWith(typed));
    if (left.length > 0) return true;
    // It has the longest of the forms that it began with.
    candidate.form = forms.filter(({ prefix }) => typed.startsWith(prefix)).sort(byLength)[0] ?? null;
    const rest = typed.slice(candidate.form?.prefix.length);
    candidate.end = at;
    return candidate.form !== null && [...rest].every((each) => this.grow(candidate, each, at, at + size));
  }

  private grow(candidate: Candidate, plain: string, at: number, end: number): boolean {
    const { form } = candidate;
    if (!form || !bodies.get(form.body)?.has(plain)) return false;
    candidate.count += 1;
    // Full stops belong to it where it goes on behind them.
    if (plain === '.') return candidate.isSure ? candidate.end === at : candidate.count < MAX_UNSURE;
    candidate.stretch = IN_STRETCH.test(plain) ? candidate.stretch + 1 : 0;
    candidate.isLong ||= candidate.stretch >= LONG_STRETCH;
    candidate.hasDigit ||= plain >= '0' && plain <= '9';
    candidate.end = end;
    if (!candidate.isSure && candidate.count >= form.min && (candidate.hasDigit || candidate.isLong)) {
      if (this.candidates.some((other) => other.isSure && other.form?.body === form.body)) return false;
      candidate.isSure = true;
    }
    if (candidate.isSure) this.report(candidate.start, end);
    return candidate.isSure || candidate.count < MAX_UNSURE;
  }
}

const IN_STRETCH = /^[A-Za-z0-9]$/;

const BY_FIRST = new Map(
  [...new Set(SECRET_FORMS.map(({ prefix }) => prefix.charAt(0)))].map((first) => [
    first,
    SECRET_FORMS.filter(({ prefix }) => prefix.startsWith(first)),
  ]),
);

const byLength = (one: SecretForm, other: SecretForm) => other.prefix.length - one.prefix.length;

/** What is sure is not held back any more, but for the full stops behind it. */
function heldBy({ isSure, start, end }: Candidate, position: number): number {
  if (!isSure) return start;
  return end < position ? end : Number.POSITIVE_INFINITY;
}
