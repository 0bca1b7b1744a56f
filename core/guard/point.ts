/** What a character is to those who look for something in a text. */
export type PointKind = 'IGNORED' | 'SPACE' | 'DIGIT' | 'LETTER' | 'OTHER';

/** One character of a text, as those who look for something see it. */
export interface Point {
  readonly code: number;
  /** How many units of UTF-16 it takes. */
  readonly size: 1 | 2;
  readonly kind: PointKind;
  /** The character of ASCII that readers take it for: of `４`, `𝟒` or `④` it is `4`. Empty where there is none. */
  readonly plain: string;
  /** Of a digit of any script: its value. Else -1. */
  readonly digit: number;
}

/** What neither shows nor parts what stands around it: marks on letters, joiners, invisible characters. */
const IGNORED = /^[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]$/u;
const SPACE = /^[\p{Z}\s]$/u;
const DASH = /^[\p{Pd}\u2212\u00b7\u2043]$/u;
const DIGIT = /^\p{Nd}$/u;
const LETTER = /^\p{L}$/u;

/** Characters beyond ASCII that are remembered: more than a text of any language has. */
const MAX_KNOWN = 20_000;

const ascii = Array.from({ length: 128 }, (_, code) => read(code));
const known = new Map<number, Point>();

/** The character with this number. Pure. */
export function pointOf(code: number): Point {
  const plain = ascii[code] ?? known.get(code);
  if (plain) return plain;
  if (known.size >= MAX_KNOWN) known.clear();
  const point = read(code);
  known.set(code, point);
  return point;
}

function read(code: number): Point {
  const size = code > 0xffff ? 2 : 1;
  const character = String.fromCodePoint(code);
  const shared = { code, size, digit: -1 } as const;
  if (IGNORED.test(character)) return { ...shared, kind: 'IGNORED', plain: '' };
  if (SPACE.test(character)) return { ...shared, kind: 'SPACE', plain: isLineEnd(code) ? '\n' : ' ' };
  if (DASH.test(character)) return { ...shared, kind: 'OTHER', plain: '-' };
  const digit = digitOf(code, character);
  if (digit >= 0) return { ...shared, kind: 'DIGIT', plain: String(digit), digit };
  const folded = character.normalize('NFKC');
  const plain = folded.length === 1 && folded <= '\x7f' ? folded : '';
  return { ...shared, kind: LETTER.test(plain || character) ? 'LETTER' : 'OTHER', plain };
}

function isLineEnd(code: number): boolean {
  return (code >= 10 && code <= 13) || code === 0x85 || code === 0x2028 || code === 0x2029;
}

/** Digits stand in Unicode from zero to nine, script by script, each ten behind one another. */
function digitOf(code: number, character: string): number {
  const folded = character.normalize('NFKC');
  if (folded.length === 1 && folded >= '0' && folded <= '9') return Number(folded);
  if (!DIGIT.test(character)) return -1;
  let zero = code;
  while (DIGIT.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return (code - zero) % 10;
}

/** Letters and digits: what a word is made of. */
export const isWordPoint = ({ kind }: Point): boolean => kind === 'DIGIT' || kind === 'LETTER';
