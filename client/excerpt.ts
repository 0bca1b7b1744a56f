import { graphemes } from './display-width.ts';
import { printable } from './style.ts';

/** How many columns the beginning of a message takes where it stands for the whole. */
const COLUMNS = 60;

/** The beginning of a text of others, on one line. */
export function excerpt(text: string, columns = COLUMNS): string {
  const line = printable(text).replace(/\s+/g, ' ').trim();
  let shown = '';
  let taken = 0;
  for (const { text: character, width } of graphemes(line)) {
    taken += width;
    if (taken >= columns) return `${shown.trimEnd()}…`;
    shown += character;
  }
  return shown;
}
