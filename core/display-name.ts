import { z } from 'zod';
import { toWholeCharacters } from './storable-text.ts';

/** Scripts that write with joiners: cursive ones, and those of India and its neighbours. */
const JOINING_SCRIPTS = [
  ...['Arab', 'Syrc', 'Mong', 'Nkoo', 'Mand', 'Phag', 'Adlm', 'Rohg'],
  ...['Deva', 'Beng', 'Guru', 'Gujr', 'Orya', 'Taml', 'Telu', 'Knda', 'Mlym', 'Sinh', 'Tibt', 'Mymr', 'Khmr'],
];
const JOINING = `[${JOINING_SCRIPTS.map((script) => `\\p{Script=${script}}`).join('')}]`;
const EMOJI = '\\p{Extended_Pictographic}\\p{Emoji_Modifier}?[\\uFE0E\\uFE0F]?';

/** Where characters that nobody sees make one see something. The flag comes before the emoji that it begins with. */
const NEEDED = [
  // The flag of a part of a country, spelt in invisible letters.
  '\\u{1F3F4}[\\u{E0030}-\\u{E0039}\\u{E0061}-\\u{E007A}]{3,6}\\u{E007F}',
  // A family is people with joiners between them; a heart is red by a selector behind it; so is a key a key.
  `${EMOJI}(?:\\u200D${EMOJI})*`,
  '[0-9#*]\\uFE0F\\u20E3',
  // Within a word, letters join or part by it.
  `(?<=${JOINING}\\p{M}*)[\\u200C\\u200D](?=${JOINING})`,
  // In Malayalam, as older keyboards write the consonants without a vowel that end a word.
  '(?<=\\p{Script=Malayalam}\\u0D4D)\\u200D',
  // Which of the shapes of a character a family writes itself with.
  '(?<=\\p{Script=Han})[\\uFE00-\\uFE02\\u{E0100}-\\u{E01EF}]',
  '(?<=\\p{Script=Mongolian})[\\u180B-\\u180D\\u180F]',
].join('|');

const CONTROL = '[\\p{Cc}\\p{Zl}\\p{Zp}]';
/** Bidirectional marks, overrides and isolates, spaces without width, fillers, tags, and whatever else leaves no trace. */
const UNSEEN = '[\\p{Cf}\\p{Default_Ignorable_Code_Point}]';

const HAS_CONTROL = new RegExp(CONTROL, 'u');
const NEEDED_OR_UNSEEN = new RegExp(`(?<needed>${NEEDED})|${UNSEEN}`, 'gu');
const NEEDED_OR_REFUSED = new RegExp(`(?<needed>${NEEDED})|${CONTROL}|${UNSEEN}`, 'gu');
/** Something that leaves ink: the blank of Braille is a symbol and leaves none. */
const SEEN = /(?!\u2800)[\p{L}\p{N}\p{P}\p{S}]/u;

const toForm = (text: string): string => toWholeCharacters(text).normalize('NFC').trim();

const hasUnseen = (name: string): boolean =>
  [...name.matchAll(NEEDED_OR_UNSEEN)].some(({ groups }) => groups?.needed === undefined);

export interface DisplayNameOptions {
  /** The longest one, in UTF-16 units. */
  max: number;
  /** What is said where there is none. */
  empty?: string;
}

/**
 * The rule for what somebody or something is called, on one line: in normal form C and trimmed, and what one sees is what
 * it is. So it holds nothing that breaks the line, turns the direction of writing around or is not seen, but for what
 * emoji and some scripts need.
 */
export const displayName = ({ max, empty = 'It must not be empty' }: DisplayNameOptions) =>
  z
    .string(empty)
    .overwrite(toForm)
    .min(1, { error: empty, abort: true })
    .max(max, { error: `It must have at most ${max.toLocaleString('en')} characters`, abort: true })
    .refine((name) => !HAS_CONTROL.test(name), {
      error: 'It must be one line without control characters',
      abort: true,
    })
    .refine((name) => !hasUnseen(name), {
      error: 'It must not contain characters that cannot be seen or that turn the direction of writing around',
      abort: true,
    })
    .refine((name) => SEEN.test(name), empty);

/**
 * What can be kept of a name that comes from elsewhere and cannot be sent back: without all that the rule refuses, and
 * cut to `max` UTF-16 units. Empty where nothing is left.
 */
export function toDisplayName(text: string, max: number): string {
  const name = toForm(text).replace(NEEDED_OR_REFUSED, (match, ...rest) => {
    const { needed } = rest.at(-1) as { needed?: string };
    return needed === undefined ? '' : match;
  });
  const kept = cutDisplayName(name.normalize('NFC').trim(), max).trim();
  return displayName({ max }).safeParse(kept).data ?? '';
}

/** The beginning of a name, in at most `max` UTF-16 units. What readers take for one character stays whole or goes. */
export function cutDisplayName(name: string, max: number): string {
  if (name.length <= max) return name;
  let end = 0;
  for (const { index, segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(name)) {
    if (index + segment.length > max) break;
    end = index + segment.length;
  }
  return name.slice(0, end);
}
