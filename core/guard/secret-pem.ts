import type { Point } from './point.ts';
import type { Report, Scanner } from './scanner.ts';

const DASHES = 5;
const MAX_HEADER = 60;
/** A private key of any kind is shorter. */
const MAX_BODY = 32_768;

const HEADER = /^BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?$/;
const FOOTER = /^END [A-Z0-9 ]*$/;
const BODY = /^[A-Za-z0-9+/=\s:,;.()\\"'`>|-]$/;

/** Finds private keys in the form of PEM: from the line that says so to the one that ends it. */
export class PemScanner implements Scanner {
  /** Where the last dashes in a row stand. */
  private dashes: number[] = [];
  private start = 0;
  /** What stands behind five dashes. */
  private title: string | null = null;
  /** Characters within a key; -1 outside of one. */
  private within = -1;
  private isEnding = false;

  constructor(private readonly report: Report) {}

  get held(): number {
    if (this.within >= 0) return Number.POSITIVE_INFINITY;
    return this.title === null ? (this.dashes[0] ?? Number.POSITIVE_INFINITY) : this.start;
  }

  next(point: Point, at: number): void {
    if (point.kind === 'IGNORED') return;
    if (this.within >= 0) {
      this.goOn(point, at + point.size);
      return;
    }
    const isDash = point.plain === '-';
    if (this.title !== null) {
      if (isDash && HEADER.test(this.title)) {
        this.within = 0;
        this.isEnding = false;
        this.report(this.start, at + point.size);
      } else if (!isDash && this.mayBeHeader(point.plain)) return;
      this.title = null;
      this.dashes = isDash ? [at] : [];
      return;
    }
    if (isDash) {
      if (this.dashes.length === DASHES) this.dashes.shift();
      this.dashes.push(at);
      return;
    }
    if (this.dashes.length === DASHES && point.plain === 'B') {
      this.start = this.dashes[0] as number;
      this.title = 'B';
    }
    this.dashes = [];
  }

  end(): void {
    this.title = null;
    this.dashes = [];
    this.within = -1;
  }

  private mayBeHeader(plain: string): boolean {
    const title = (this.title ?? '') + plain;
    this.title = title;
    const isBegun = title.length <= 6 ? 'BEGIN '.startsWith(title) : /^[A-Z0-9 ]$/.test(plain);
    return plain !== '' && isBegun && title.length <= MAX_HEADER;
  }

  private goOn({ plain }: Point, end: number): void {
    this.within += 1;
    if (!BODY.test(plain) || this.within > MAX_BODY) {
      this.end();
      return;
    }
    this.report(this.start, end);
    if (this.isEnding) {
      if (plain === '-') this.dashes.push(end);
      if (this.dashes.length === DASHES || plain === '\n') this.end();
    } else if (plain === '-') {
      this.dashes.push(end);
      this.title = '';
    } else if (this.dashes.length >= DASHES && this.title !== null) {
      this.title += plain;
      const isFooter = this.title.length <= 4 ? 'END '.startsWith(this.title) : FOOTER.test(this.title);
      if (this.title === 'END ') {
        this.isEnding = true;
        this.dashes = [];
      } else if (!isFooter) this.forget();
    } else this.forget();
  }

  private forget(): void {
    this.dashes = [];
    this.title = null;
  }
}
