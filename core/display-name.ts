import type { z } from 'zod';
import { toWholeCharacters } from './storable-text.ts';

/** Controls, line breaks, and what changes the direction of the text around it: a name could pose as another by them. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** What nobody sees. The two joiners are needed within words of some scripts, and within emoji. */
const INVISIBLE = new RegExp(
  [
    '[\\u00ad\\u115f\\u1160\\u180e\\u200b\\u2060-\\u2065\\u206a-\\u206f\\u3164\\ufeff\\uffa0]',
    // Marks of their own, which would join the character before them in a class.
    '\\u034f|\\u17b4|\\u17b5|[\\u{e0000}-\\u{e0fff}]',
  ].join('|'),
  'u',
);

/** A joiner that joins nothing: at an end, or not between letters, marks or pictures. */
const LOOSE_JOINER = /(?<!\p{L}|\p{M}|\p{Emoji}|\ufe0f)(?:\u200c|\u200d)|(?:\u200c|\u200d)(?!\p{L}|\p{M}|\p{Emoji})/u;

/** Flags of regions are written with tags that nobody sees, behind a flag. */
const FLAG = /\u{1f3f4}[\u{e0061}-\u{e007a}\u{e0030}-\u{e0039}]+\u{e007f}/gu;

/** A name in one form: whole characters, composed, without spaces around it. */
export const toDisplayName = (text: string): string => toWholeCharacters(text).normalize('NFC').trim();

/** What keeps a text from being a name that people can tell from others, as a sentence; null where nothing does. */
export function displayNameProblem(name: string): string | null {
  if (CONTROL.test(name)) return 'It must be one line without control characters';
  const hides = INVISIBLE.test(name.replace(FLAG, '')) || LOOSE_JOINER.test(name);
  return hides ? 'It must not contain invisible characters' : null;
}

/** The same as a refinement of a zod schema. */
export function checkDisplayName(name: string, context: z.RefinementCtx): void {
  const message = displayNameProblem(name);
  if (message) context.addIssue({ code: 'custom', message });
}
