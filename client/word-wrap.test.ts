import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { displayWidth } from './display-width.ts';
import { WordWrap } from './word-wrap.ts';

const wrapAll = (pieces: string[], columns: number) => {
  const wrap = new WordWrap(() => columns);
  return pieces.map((piece) => wrap.write(piece)).join('') + wrap.flush();
};

describe('word wrap', () => {
  test.each([
    ['plain words', ['one two three'], 8, 'one two\nthree'],
    ['a word in pieces', ['one tw', 'o thr', 'ee'], 8, 'one two\nthree'],
    ['indentation', ['  a\n    b'], 20, '  a\n    b'],
    ['a word that no line can hold', ['abcdefghij'], 5, 'abcd\nefgh\nij'],
    ['East Asian text', ['日本語 日本語'], 9, '日本語 \n日本語'],
    ['pictures of several code points', ['👩‍👩‍👧 👩‍👩‍👧 x'], 6, '👩‍👩‍👧 👩‍👩‍👧\nx'],
  ])('%s', (_, pieces, columns, expected) => {
    expect(wrapAll(pieces, columns)).toBe(expected);
  });

  test('however a text is cut into pieces, it comes out the same, within the lines and with nothing lost', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '日', ' ', '\n'), maxLength: 80 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(80)), fc.integer({ min: 4, max: 30 }), (whole, cuts, columns) => {
        const edges = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
        const pieces = edges.slice(1).map((edge, index) => whole.slice(edges[index], edge));
        const wrapped = wrapAll(pieces, columns);
        expect(wrapped).toBe(wrapAll([whole], columns));
        for (const line of wrapped.split('\n')) expect(displayWidth(line)).toBeLessThan(columns);
        expect(wrapped.replace(/\s/g, '')).toBe(whole.replace(/\s/g, ''));
      }),
    );
  });
});
