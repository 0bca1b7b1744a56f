import { isWordPoint, type Point } from './point.ts';
import type { Detector, Report, Scanner } from './scanner.ts';

const MAX_LOCAL = 64;
const MAX_LABEL = 63;
const MAX_DOMAIN = 253;

/** Of an address, beside letters and digits. */
const LOCAL = "._%+-'";

/** Written without spaces between words, where whole sentences would be held back for what no address is written in. */
const UNSPACED = /^[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]$/u;

/** Addresses of e-mail: the last 64 characters before an `@`, and the names with dots behind it. */
export const EMAIL: Detector = {
  label: '[email]',
  reach: MAX_LOCAL + 1 + MAX_DOMAIN,
  start: (report) => new EmailScanner(report),
};

class EmailScanner implements Scanner {
  /** Where the characters stand that could be before an `@`, the last 64 of them. */
  private local: number[] = [];
  private domain: Domain | null = null;

  constructor(private readonly report: Report) {}

  get held(): number {
    return this.domain?.start ?? this.local[0] ?? Number.POSITIVE_INFINITY;
  }

  next(point: Point, at: number): void {
    if (point.kind === 'IGNORED') return;
    const isWord = isWordPoint(point);
    if (this.domain && !this.domain.take(point, isWord, at)) this.leaveDomain();
    if (point.plain === '@') {
      const [start] = this.local;
      if (start !== undefined) this.domain = new Domain(start);
      this.local = [];
    } else if (
      isWord ? !isUnspaced(point) : this.local.length > 0 && point.plain !== '' && LOCAL.includes(point.plain)
    ) {
      if (this.local.length === MAX_LOCAL) this.local.shift();
      this.local.push(at);
    } else this.local = [];
  }

  end(): void {
    this.leaveDomain();
    this.local = [];
  }

  private leaveDomain(): void {
    if (this.domain) {
      const end = this.domain.end();
      if (end > 0) this.report(this.domain.start, end);
    }
    this.domain = null;
  }
}

const isUnspaced = ({ code, plain }: Point) => plain === '' && UNSPACED.test(String.fromCodePoint(code));

/** What stands behind an `@`. */
class Domain {
  private length = 0;
  private labels = 0;
  private label = 0;
  private hasLetter = false;
  private isHyphen = false;
  private labelEnd = 0;
  private known = 0;

  constructor(readonly start: number) {}

  /** Whether it goes on with this character. */
  take(point: Point, isWord: boolean, at: number): boolean {
    this.length += 1;
    if (this.length > MAX_DOMAIN) return false;
    if (point.plain === '.') {
      if (this.label === 0 || this.isHyphen) return false;
      this.endLabel();
      return true;
    }
    if (point.plain === '-') {
      this.isHyphen = true;
      this.label += 1;
      return this.label > 1;
    }
    if (!isWord || isUnspaced(point)) return false;
    this.isHyphen = false;
    this.label += 1;
    if (point.kind === 'LETTER') this.hasLetter = true;
    this.labelEnd = at + point.size;
    return this.label <= MAX_LABEL;
  }

  /** Where the address ends; 0 where it is none. */
  end(): number {
    if (this.label <= MAX_LABEL) this.endLabel();
    return this.known;
  }

  private endLabel(): void {
    if (this.labels > 0 && this.label > 1 && this.hasLetter) this.known = this.labelEnd;
    this.labels += 1;
    this.label = 0;
    this.hasLetter = false;
  }
}
