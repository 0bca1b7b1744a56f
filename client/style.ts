import { stripVTControlCharacters } from 'node:util';

const CODES = {
  bold: '1',
  dim: '2',
  red: '31',
  green: '32',
  yellow: '33',
  blue: '34',
  magenta: '35',
  cyan: '36',
} as const;

export type Style = keyof typeof CODES;

/** Colours for authors: none of them means a fault. */
const AUTHOR_STYLES = ['cyan', 'magenta', 'yellow', 'blue', 'green'] as const satisfies Style[];

/** Puts text into colour, or leaves it as it is where colour is not wanted. */
export type Paint = (style: Style, text: string) => string;

export const createPaint =
  (isColoured: boolean): Paint =>
  (style, text) =>
    isColoured ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;

/** The same author has the same colour, always. */
export function authorStyle(id: string): Style {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return AUTHOR_STYLES[sum % AUTHOR_STYLES.length] ?? 'cyan';
}

/** Text of others without what could steer the terminal; line breaks stay. */
export const printable = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll('\t', '    ')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '');
