import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Public: tells keys apart in lists and logs. */
const PREFIX_LENGTH = 8;
/** 36 digits of base 62 are 214 random bits. */
const SECRET_LENGTH = 36;
/** 62 ** 6 is the first power above 2 ** 32, which CRC32 fills. */
const CHECKSUM_LENGTH = 6;
const SHAPE = new RegExp(`^pk_[${DIGITS}]{${PREFIX_LENGTH}}_[${DIGITS}]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`);

/** A new key and the part of it that may be shown again: `pk_` and eight characters. */
export function makeApiKey(): { key: string; prefix: string } {
  const prefix = `pk_${randomDigits(PREFIX_LENGTH)}`;
  const body = `${prefix}_${randomDigits(SECRET_LENGTH)}`;
  return { key: body + checksum(body), prefix };
}

/** Whether `text` can be a key at all. Typing errors and junk are turned away by it without asking the database. */
export function isApiKey(text: string): boolean {
  return SHAPE.test(text) && checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

export const looksLikeApiKey = (credential: string): boolean => credential.startsWith('pk_');

const randomDigits = (length: number): string =>
  Array.from({ length }, () => DIGITS.charAt(randomInt(DIGITS.length))).join('');

function checksum(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place++) {
    digits = DIGITS.charAt(rest % DIGITS.length) + digits;
    rest = Math.floor(rest / DIGITS.length);
  }
  return digits;
}
