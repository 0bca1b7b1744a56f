import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isApiKey, makeApiKey } from './api-key-format.ts';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('the format of API keys', () => {
  it('makes keys that it knows, each one different, that begin with their prefix', () => {
    const made = Array.from({ length: 200 }, makeApiKey);
    for (const { key, prefix } of made) {
      expect(key).toMatch(/^pk_[0-9A-Za-z]{8}_[0-9A-Za-z]{42}$/);
      expect(key.startsWith(`${prefix}_`)).toBe(true);
      expect(isApiKey(key)).toBe(true);
    }
    expect(new Set(made.map(({ key }) => key)).size).toBe(200);
  });

  it('turns away a key with any one character replaced', () => {
    const { key } = makeApiKey();
    fc.assert(
      fc.property(fc.nat(key.length - 1), fc.constantFrom(...DIGITS), (place, digit) => {
        fc.pre(key[place] !== digit);
        expect(isApiKey(key.slice(0, place) + digit + key.slice(place + 1))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('turns away a key with two neighbours swapped', () => {
    fc.assert(
      fc.property(fc.nat(58), (place) => {
        const { key } = makeApiKey();
        const [first, second] = [key.charAt(place), key.charAt(place + 1)];
        fc.pre(first !== second && second !== '');
        expect(isApiKey(key.slice(0, place) + second + first + key.slice(place + 2))).toBe(false);
      }),
    );
  });

  it('turns away a key that is cut off, goes on, or is no key at all', () => {
    const { key } = makeApiKey();
    fc.assert(
      fc.property(fc.nat(key.length - 1), fc.string({ minLength: 1 }), fc.string(), (length, more, junk) => {
        expect(isApiKey(key.slice(0, length))).toBe(false);
        expect(isApiKey(key + more)).toBe(false);
        expect(isApiKey(junk)).toBe(false);
        expect(isApiKey(`pk_${junk}`)).toBe(false);
      }),
    );
  });

  it('lets next to nothing of the right shape through by chance', () => {
    const digits = (length: number) =>
      fc.array(fc.constantFrom(...DIGITS), { minLength: length, maxLength: length }).map((list) => list.join(''));
    fc.assert(
      fc.property(digits(8), digits(42), (prefix, rest) => {
        expect(isApiKey(`pk_${prefix}_${rest}`)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});
