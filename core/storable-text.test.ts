import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStorable, StorableStream, toStorable } from './storable-text.ts';

/** Any UTF-16, half pairs and zeros included. */
const utf16 = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: 0xd7f0, max: 0xe010 }),
      fc.constantFrom(0, 0xd83c, 0xdf88),
    ),
  )
  .map((units) => String.fromCharCode(...units));

describe('text that can be stored', () => {
  it('keeps whole characters and replaces what cannot be written', () => {
    expect(toStorable('a\0b \ud83c\udf88 \ud83c \udf88')).toBe('a\ufffdb 🎈 \ufffd \ufffd');
    expect(isStorable('a\0b')).toBe(false);
    expect(isStorable(toStorable('a\0b'))).toBe(true);
  });

  it('is the same in one piece and in many', () => {
    fc.assert(
      fc.property(utf16, fc.array(fc.nat(20)), (text, cuts) => {
        const stream = new StorableStream();
        let at = 0;
        let joined = '';
        for (const length of cuts) {
          joined += stream.take(text.slice(at, at + length));
          at += length;
        }
        joined += stream.take(text.slice(at)) + stream.rest();
        expect(joined).toBe(toStorable(text));
      }),
    );
  });
});
