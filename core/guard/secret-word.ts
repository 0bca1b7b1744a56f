import { isWordPoint, type Point } from './point.ts';
import type { Report, Scanner } from './scanner.ts';

/** What the words end with that secrets stand behind, written as one and in small letters. */
const WORDS = [
  'password',
  'passwd',
  'passwort',
  'passphrase',
  'pwd',
  'secret',
  'token',
  'bearer',
  'apikey',
  'accesskey',
  'privatekey',
  'secretkey',
  'signingkey',
  'encryptionkey',
  'credential',
  'credentials',
];

/** Behind these, digits alone are a secret too. */
const CHOSEN = /(?:pass(?:word|wd|wort|phrase)|pwd|secret)$/;

/** What joins the word and the secret. */
const JOINS = new Set(['is', 'was', 'are', 'equals', 'ist', 'war', 'lautet', 'est', 'es']);

/** How many words may stand between, and how many characters that are none in a row. */
const MAX_WORDS = 3;
const MAX_GAP = 12;
const MAX_WORD = 32;
/** How much of a text without a space is looked at for whether it is a secret. */
export const MAX_TOKEN = 128;

const PEM_DASHES = 5;

const BREAKS = ' \n"\'`<>,;(){}[]|';
/** What stands behind a secret at the end of a sentence or line. */
const TRAILING = '.:*_';
const MAX_TRAILING = 8;

/** Finds what looks like a secret behind a word that says that one follows. */
export class WordScanner implements Scanner {
  private word = '';
  private before = '';
  private isAfterSpace = false;
  private dashes = 0;
  /** How many more words are looked at; 0 where none was announced. */
  private left = 0;
  private gap = 0;
  private isAssigned = false;
  private isChosen = false;
  private token: Token | null = null;

  constructor(private readonly report: Report) {}

  get held(): number {
    return this.token?.held ?? Number.POSITIVE_INFINITY;
  }

  next(point: Point, at: number): void {
    if (point.kind === 'IGNORED') return;
    if (this.left > 0) this.look(point, at);
    this.listen(point);
  }

  end(): void {
    this.leaveToken();
    this.left = 0;
    this.word = '';
  }

  /** Looks at what stands behind the word. */
  private look(point: Point, at: number): void {
    const { plain } = point;
    const isBreak = point.kind === 'SPACE' || (plain !== '' && BREAKS.includes(plain));
    const isGlue = !this.token && plain !== '' && ':=*_->#~?'.includes(plain);
    if (isBreak || isGlue) {
      this.leaveToken();
      if (plain === ':' || plain === '=') this.isAssigned = true;
      this.gap += 1;
      if (this.gap > MAX_GAP) this.left = 0;
      return;
    }
    this.gap = 0;
    this.token ??= new Token(at, this.isAssigned, this.isChosen, this.report);
    this.token.take(point, at + point.size);
  }

  private leaveToken(): void {
    const { token } = this;
    this.token = null;
    if (!token) return;
    const isFound = token.end();
    if (JOINS.has(token.text.toLowerCase())) this.isAssigned = true;
    else this.left = isFound ? 0 : this.left - 1;
  }

  /** Listens for the word. */
  private listen(point: Point): void {
    if (isWordPoint(point)) {
      this.dashes = 0;
      this.word = (this.word + (point.plain || '?').toLowerCase()).slice(-MAX_WORD);
      return;
    }
    if (point.plain === '_' || point.plain === '-') {
      this.dashes += 1;
      // The last line of a key in PEM announces nothing.
      if (this.dashes === PEM_DASHES && this.word.endsWith('key')) this.word = '';
      return;
    }
    if (this.word !== '') {
      const said = (this.isAfterSpace ? this.before : '') + this.word;
      if (WORDS.some((each) => said.endsWith(each) || this.word.endsWith(each))) {
        this.left = MAX_WORDS;
        this.gap = 0;
        this.isAssigned = point.plain === ':' || point.plain === '=';
        this.isChosen = CHOSEN.test(this.word);
        this.token = null;
      }
      this.before = this.word.slice(-MAX_WORD);
      this.word = '';
      this.isAfterSpace = point.kind === 'SPACE';
    } else this.isAfterSpace = false;
  }
}

/** A stretch without spaces that may be a secret. */
class Token {
  text = '';
  private solid: number;
  private trailing = 0;
  private isSure = false;
  private isOver = false;

  constructor(
    private readonly start: number,
    private readonly isAssigned: boolean,
    private readonly isChosen: boolean,
    private readonly report: Report,
  ) {
    this.solid = start;
  }

  get held(): number {
    if (this.isOver) return Number.POSITIVE_INFINITY;
    return this.isSure ? this.solid : this.start;
  }

  take(point: Point, end: number): void {
    if (this.isOver) return;
    const isTrailing = point.plain !== '' && TRAILING.includes(point.plain);
    this.trailing = isTrailing ? this.trailing + 1 : 0;
    if (!isTrailing) this.solid = end;
    if (this.isSure) {
      if (!isTrailing) this.report(this.start, end);
      else if (this.trailing > MAX_TRAILING) this.isOver = true;
      return;
    }
    this.text += point.plain || '?';
    if (this.text.length >= MAX_TOKEN) this.decide();
  }

  /** Whether it was one. */
  end(): boolean {
    if (!this.isSure && !this.isOver) this.decide();
    return this.isSure;
  }

  private decide(): void {
    if (isSecret(this.text.replace(/[.:*_]+$/, ''), this)) {
      this.isSure = true;
      this.report(this.start, this.solid);
    } else this.isOver = true;
  }

  get isNamed(): boolean {
    return this.isAssigned;
  }

  get mayBeDigits(): boolean {
    return this.isAssigned && this.isChosen;
  }
}

const PLACEHOLDER = /^(?:\$|%|https?:|process\.|env\.|(.)\1*$)/i;

const ADDRESS = /^[^@]+@[^@]+\.\p{L}+$/u;

function isSecret(text: string, { isNamed, mayBeDigits }: Pick<Token, 'isNamed' | 'mayBeDigits'>): boolean {
  if (text.length < (isNamed ? 6 : 8) || PLACEHOLDER.test(text)) return false;
  if (!isNamed && ADDRESS.test(text)) return false;
  const hasDigit = /\d/.test(text);
  const hasLetter = /\p{L}/u.test(text);
  const hasSign = /[!@#$%^&*+~?\\]/.test(text);
  if (hasLetter) return hasDigit || hasSign;
  return hasDigit && (hasSign || mayBeDigits) && !/^[\d.,/-]*[.,/-][\d.,/-]*$/.test(text);
}
