import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectPattern } from './pattern.ts';
import { cuts, piecesOf, shownOf } from './text.fixture.ts';

const shown = (pattern: string, text: string) =>
  shownOf(text.split(''), [detectPattern(pattern)], { kind: 'REDACT', replacement: '#' });

describe('patterns', () => {
  it.each([
    ['ACME-\\d{4}', 'See ACME-1234 and ACME-12.', 'See # and ACME-12.'],
    ['project (?:falcon|hawk)', 'On project hawk, project owl', 'On #, project owl'],
    ['\\bcat\\b', 'cat concat cat', '# concat #'],
    ['^a|z$', 'aaz z', '#az #'],
    ['[^\\s]+@corp', 'me@corp you', '# you'],
    ['\\p{Lu}{3,}', 'ABCD Abc ÄÖÜ', '# Abc #'],
    ['a+b', 'aab aaa', '# aaa'],
    ['(ab?)*c', 'abacx ab', '#x ab'],
    ['.😀', 'x😀y', '#y'],
    ['a{2,3}', 'aaaaaa a', '# a'],
  ])('finds %s in %j', (pattern, text, expected) => {
    expect(shown(pattern, text)).toBe(expected);
  });

  it('finds what the engine of JavaScript finds, where that takes the longest', () => {
    const pattern = fc.constantFrom('[ab]+c', '\\b\\w{3}\\b', 'ab?a', 'x[^x]*x', '\\d+(?:\\.\\d+)+', 'c\\B');
    const text = fc.string({ unit: fc.constantFrom(...'abcx1. '), maxLength: 40 });
    fc.assert(
      fc.property(pattern, text, cuts, (source, all, shares) => {
        const found = shownOf(piecesOf(all, shares), [detectPattern(source)]);
        expect(found.replaceAll('[redacted]', '')).toBe(
          shownOf([all], [detectPattern(source)]).replaceAll('[redacted]', ''),
        );
        // Matches of JavaScript do not overlap: none of it is left.
        const kept = found.split('[redacted]').join('\0');
        for (const match of all.matchAll(new RegExp(source, 'gu'))) {
          expect(kept.length).toBeLessThanOrEqual(all.length - match[0].length + 1);
        }
      }),
    );
  });

  it('takes no longer for what other engines never come back from', () => {
    const text = 'a'.repeat(20_000);
    expect(shown('(a+)+$', `${text}!`)).toBe(`${text}!`);
    expect(shown('(a|a)*b', text)).toBe(text);
  });

  it.each([
    ['(?=a)b', 'look ahead'],
    ['(?<!a)b', 'look ahead'],
    ['(a)\\1', 'found before'],
    ['a{1000}', 'too long'],
    ['(', 'Unterminated'],
  ])('refuses %s', (pattern, reason) => {
    expect(() => detectPattern(pattern)).toThrow(reason);
  });
});
