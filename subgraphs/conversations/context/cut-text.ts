import { toWholeCharacters } from '#core/storable-text';
import { textTokens } from '../orchestration/token-estimate.ts';

/** What of a text that is cut is kept from its beginning; the rest is its end. */
const FROM_THE_BEGINNING = 2 / 3;

const note = (characters: number) => `\n[… ${characters.toLocaleString('en')} characters left out …]\n`;

/** A text that takes no more than so many tokens, about: whole, or its beginning and its end with a note between them. Pure. */
export function cutText(text: string, tokens: number): string {
  if (textTokens(text) <= tokens) return text;
  let [least, most] = [0, text.length];
  while (least < most) {
    const kept = Math.ceil((least + most) / 2);
    if (textTokens(keep(text, kept)) <= tokens) least = kept;
    else most = kept - 1;
  }
  return keep(text, least);
}

function keep(text: string, characters: number): string {
  const beginning = Math.ceil(characters * FROM_THE_BEGINNING);
  const end = characters - beginning;
  const left = note(text.length - characters);
  // A cut through a pair of surrogates must not leave half of it.
  return toWholeCharacters(text.slice(0, beginning) + left + (end > 0 ? text.slice(-end) : ''));
}
