import { z } from 'zod';
import { displayName } from '#core/display-name';
import { toWholeCharacters } from '#core/storable-text';

/** Neither PostgreSQL nor a terminal takes kindly to control characters; line breaks are for texts of several lines. */
const SEVERAL_LINES = /^[\P{Cc}\n\r\t]*$/u;

/** What something or somebody is called: 1 to 200 characters. */
export const nameText = displayName({ max: 200 });

/** A text for people, of at most 2,000 characters; empty by default. */
export const descriptionText = z
  .string()
  .overwrite(toWholeCharacters)
  .trim()
  .max(2_000, 'It must have at most 2,000 characters')
  .regex(SEVERAL_LINES, 'It must not contain control characters');

/** An e-mail address, trimmed and in lower case, so that one person has one account. */
export const emailAddress = z
  .string()
  .trim()
  .toLowerCase()
  .max(254, 'It must have at most 254 characters')
  .pipe(z.email('It is not an e-mail address'));

/** A new password. The limits follow NIST SP 800-63B: eight or more, long passphrases welcome, no rules of composition. */
export const newPassword = z
  .string()
  .min(8, 'It must have at least 8 characters')
  .max(200, 'It must have at most 200 characters');
