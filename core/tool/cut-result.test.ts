import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '#core/model/model.port';
import { cutResult } from './cut-result.ts';

const long = (length: number, of = 'x') => of.repeat(length);

describe('a result', () => {
  it.each<[string, JsonValue]>([
    ['null', null],
    ['a number', 12.5],
    ['a text that just fits', long(198)],
    ['an object', { a: [1, 2, { b: 'c' }] }],
  ])('that fits stays as it is: %s', (_, value) => {
    expect(cutResult(value, 200)).toEqual(value);
  });

  it('of text says how much of it is shown', () => {
    const text = cutResult(long(99_999), 12_419) as string;
    expect(text).toBe(`${long(12_345)}\n[cut: 12,345 of 99,999 characters are shown]`);
  });

  it('keeps the first members of an array', () => {
    const rows = Array.from({ length: 500 }, (_, id) => ({ id }));
    const cut = cutResult(rows, 300) as JsonValue[];
    expect(cut.slice(0, 3)).toEqual([{ id: 0 }, { id: 1 }, { id: 2 }]);
    expect(cut.at(-1)).toBe(`[cut: ${cut.length - 1} of 500 items are shown]`);
  });

  it('keeps the short members of an object whole and cuts the long ones', () => {
    const page = {
      status: 200,
      title: 'Home',
      text: long(10_000),
      links: new Array(1_000).fill('/a'),
      url: 'https://a.test',
    };
    const cut = cutResult(page, 1_000) as typeof page;
    expect(cut).toMatchObject({ status: 200, title: 'Home', url: 'https://a.test' });
    expect(cut.text).toMatch(/^x{200,}\n\[cut: \d+ of 10,000 characters are shown\]$/);
    expect(cut.links.at(-1)).toMatch(/^\[cut: \d+ of 1,000 items are shown\]$/);
    expect(JSON.stringify(cut).length).toBeGreaterThan(800);
  });

  it('drops members of an object where there are too many', () => {
    const cut = cutResult(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key${i}`, i])), 400);
    expect(cut).toMatchObject({ key0: 0, '[cut]': expect.stringMatching(/^\[cut: \d+ of 300 entries are shown\]$/) });
  });

  it('is never longer than it may be, and nothing of it is torn', () => {
    const value = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }) as fc.Arbitrary<JsonValue>;
    const big = fc.oneof(
      value,
      fc.array(value, { minLength: 5, maxLength: 60 }),
      fc.dictionary(fc.string(), value, { minKeys: 5 }),
      fc.string({ unit: 'binary', minLength: 100, maxLength: 2_000 }),
      fc.string({ minLength: 50, maxLength: 300 }).map((text) => `"\\\n${text}`.repeat(5)),
    );
    fc.assert(
      fc.property(big, fc.integer({ min: 200, max: 1_000 }), (result, max) => {
        const cut = cutResult(result, max);
        const [before, after] = [JSON.stringify(result), JSON.stringify(cut)];
        if (before.length <= max) expect(after).toBe(before);
        else expect(after.length).toBeLessThanOrEqual(max);
        expect(after).not.toMatch(/\\ud[89a-f]/i);
      }),
      { numRuns: 500 },
    );
  });
});
