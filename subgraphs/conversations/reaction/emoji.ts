/** The compiler takes this flag for newer than it is: every Node that runs Parley has it. */
const UNICODE_SETS: string = 'v';

/** Every emoji that Unicode recommends for interchange, sequences of several code points included. */
const RGI_EMOJI = new RegExp('^\\p{RGI_Emoji}$', UNICODE_SETS);

const EMOJI_PRESENTATION = '\u{fe0f}';

/**
 * The one way in which an emoji is written here, or null where the text is not exactly one. Those that can also be shown
 * as text, such as U+2764, may be given with or without the selector that makes them emoji: they are the same.
 */
export function readEmoji(text: string): string | null {
  for (const candidate of [text, text + EMOJI_PRESENTATION]) if (RGI_EMOJI.test(candidate)) return candidate;
  return null;
}
