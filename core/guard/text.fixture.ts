import fc from 'fast-check';
import type { Detector } from './scanner.ts';
import { type GuardAction, StreamGuard } from './stream-guard.ts';

/** Whether a number of a card ends with its check digit. Written apart from what is tested. */
export const checkDigit = (digits: string): string => {
  for (let last = 0; last < 10; last += 1) {
    const sum = [...`${digits}${last}`].reverse().reduce((total, digit, place) => {
      const value = Number(digit) * (place % 2 === 1 ? 2 : 1);
      return total + Math.floor(value / 10) + (value % 10);
    }, 0);
    if (sum % 10 === 0) return String(last);
  }
  throw new Error('One of ten digits is right.');
};

const digits = (length: number) => fc.stringMatching(new RegExp(`^\\d{${length}}$`));

/** Numbers of cards as issuers make them, without anything between. */
export const cardNumber = fc
  .constantFrom(['4', 16], ['4', 13], ['51', 16], ['2221', 16], ['37', 15], ['36', 14], ['6011', 16], ['62', 19])
  .chain(([head, length]) => digits(Number(length) - String(head).length - 1).map((rest) => `${head}${rest}`))
  .map((all) => all + checkDigit(all));

/** A card as it is written: by fours, parted by something, with digits of any width, and with what does not show. */
export const writtenCard = fc
  .tuple(
    cardNumber,
    fc.constantFrom('', ' ', '-', '.', ' - ', '\u00a0', '\u2011', '_', '\n'),
    fc.constantFrom('', '\u200b', '\u00ad', '\u2060', '\ufe0f'),
    fc.constantFrom(0, 0xff10, 0x660, 0x966, 0x1d7ce),
  )
  .map(([number, separator, hidden, zero]) =>
    (number.match(/.{1,4}/g) as string[])
      .map((group) => [...group].map((digit) => written(digit, zero)).join(hidden))
      .join(separator),
  );

const written = (digit: string, zero: number) => (zero === 0 ? digit : String.fromCodePoint(zero + Number(digit)));

/** The numbers of accounts of some countries, with right check digits. */
export const writtenIban = fc
  .oneof(
    digits(18).map((bban) => ['DE', bban] as const),
    fc.tuple(fc.stringMatching(/^[A-Z]{4}$/), digits(14)).map(([bank, rest]) => ['GB', bank + rest] as const),
    fc.tuple(digits(10), fc.stringMatching(/^[A-Z0-9]{11}$/), digits(2)).map((all) => ['FR', all.join('')] as const),
  )
  .map(([country, bban]) => country + ibanCheck(country, bban) + bban)
  .chain((iban) => fc.constantFrom(iban, (iban.match(/.{1,4}/g) as string[]).join(' '), iban.toLowerCase()));

function ibanCheck(country: string, bban: string): string {
  const letters = [...`${bban}${country}00`].map((each) => String(Number.parseInt(each, 36))).join('');
  return String(98n - (BigInt(letters) % 97n)).padStart(2, '0');
}

export const writtenEmail = fc
  .tuple(
    fc.stringMatching(/^[a-z][a-z0-9._+-]{0,20}[a-z0-9]$/),
    fc.stringMatching(/^[a-z][a-z0-9-]{0,10}[a-z0-9]$/),
    fc.constantFrom('com', 'example.org', 'co.uk', 'de'),
  )
  .map(([local, name, top]) => `${local}@${name}.${top}`);

export const writtenKey = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9]{20,40}$/).map((body) => `sk-proj-7${body}`),
  fc.stringMatching(/^[A-Za-z0-9]{36}$/).map((body) => `ghp_${body}`),
  fc.stringMatching(/^[A-Z0-9]{16}$/).map((body) => `AKIA${body.slice(1)}7`),
  fc
    .stringMatching(/^[A-Za-z0-9+/]{64,300}$/)
    .map(
      (body) => `-----BEGIN RSA PRIVATE KEY-----\n${body.match(/.{1,64}/g)?.join('\n')}\n-----END RSA PRIVATE KEY-----`,
    ),
);

/** Text in which nothing is to be found, with what is hard to cut. It begins and ends with what parts it from others. */
export const prose = fc
  .array(
    fc.constantFrom(
      'Hello',
      'the',
      'de',
      'is',
      'at',
      '👩‍👩‍👧',
      'e\u0301tude',
      '汉字没有空格',
      '**bold**',
      '`code()`',
      '```\n',
      '| a | b |',
      '\n\n',
      '- item',
      '–',
      'naïve.',
      'A',
      '@',
      '-----',
      'sk-',
      'eyJ',
      '🇩🇪',
    ),
    { maxLength: 12 },
  )
  .map((words) => ` ${words.join(' ')}; `);

/** A text in pieces: where it is cut is told as shares of its length. */
export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

export function piecesOf(text: string, shares: readonly number[]): string[] {
  const places = [...new Set(shares.map((share) => Math.floor(share * text.length)))].sort((a, b) => a - b);
  return [...places, text.length].map((place, index) => text.slice(index === 0 ? 0 : places[index - 1], place));
}

/** What is shown of a text that comes in pieces. */
export function shownOf(
  pieces: readonly string[],
  detectors: readonly Detector[],
  action: GuardAction = { kind: 'REDACT' },
): string {
  const guard = new StreamGuard([{ id: 'rule', detectors, action, failMode: 'CLOSED' }]);
  return pieces.map((piece) => guard.push(piece)).join('') + guard.end();
}
