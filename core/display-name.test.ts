import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutDisplayName, displayName, toDisplayName } from './display-name.ts';

const rule = displayName({ max: 40, empty: 'Give it a name' });
const problemOf = (name: unknown) => rule.safeParse(name).error?.issues.map(({ message }) => message);

const EMPTY = 'Give it a name';
const CONTROL = 'It must be one line without control characters';
const UNSEEN = 'It must not contain characters that cannot be seen or that turn the direction of writing around';

describe('what something may be called', () => {
  it.each([
    ['a name', 'Ada Lovelace', 'Ada Lovelace'],
    ['trimmed', ' \t Ada\u3000\n', 'Ada'],
    ['in normal form C', 'Zoe\u0308', 'Zoë'],
    ['one angstrom', '\u212B', 'Å'],
    ['half a character replaced', 'a\ud83d', 'a\ufffd'],
    ['marks and figures', 'C++ (expert) #1 — “x”', 'C++ (expert) #1 — “x”'],
    ['Hebrew', 'עדה לאבלייס', 'עדה לאבלייס'],
    ['Arabic with vowels', 'مُحَمَّد', 'مُحَمَّد'],
    ['Persian with a joiner', 'می\u200Cخواهم', 'می\u200Cخواهم'],
    ['Persian with a vowel before it', 'نامهِ\u200Cمن', 'نامهِ\u200Cمن'],
    ['Hindi with one', 'क्\u200Dष', 'क्\u200Dष'],
    ['Hindi that parts', 'क्\u200Cष', 'क्\u200Cष'],
    ['Sinhala', 'ශ්\u200Dරී ලංකා', 'ශ්\u200Dරී ලංකා'],
    ['Bengali', 'র\u200D্যাব', 'র\u200D্যাব'],
    ['Malayalam of older keyboards', 'രാജന്\u200D', 'രാജന്\u200D'],
    ['Chinese', '艾达', '艾达'],
    ['Japanese with a shape of its own', '葛\u{E0100}城', '葛\u{E0100}城'],
    ['Mongolian', 'ᠭ\u180Bᠠ', 'ᠭ\u180Bᠠ'],
    ['Korean', '\u1112\u1161\u11ab', '한'],
    ['an emoji', '🎈', '🎈'],
    ['a family', '👩\u200D👩\u200D👧', '👩\u200D👩\u200D👧'],
    ['an astronaut of some colour', '👩🏽\u200D🚀', '👩🏽\u200D🚀'],
    ['a red heart', '❤\uFE0F', '❤\uFE0F'],
    ['a heart on fire', '❤\uFE0F\u200D🔥', '❤\uFE0F\u200D🔥'],
    ['a runner', '🏃🏿\u200D♀\uFE0F', '🏃🏿\u200D♀\uFE0F'],
    ['a rainbow flag', '🏳\uFE0F\u200D🌈', '🏳\uFE0F\u200D🌈'],
    ['a flag of a country', '🇫🇷', '🇫🇷'],
    ['the flag of Wales', '🏴\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}', undefined],
    ['a key', '1\uFE0F\u20E3', '1\uFE0F\u20E3'],
  ])('%s', (_, given, kept = given) => {
    expect(rule.parse(given)).toBe(kept);
    expect(rule.parse(kept)).toBe(kept);
    expect(toDisplayName(given, 40)).toBe(kept);
  });

  it.each([
    ['nothing', '', EMPTY],
    ['no text', null, EMPTY],
    ['spaces', ' \u00A0\u3000\u2003 ', EMPTY],
    ['the blank of Braille', '\u2800\u2800', EMPTY],
    ['marks on nothing', '\u0301', EMPTY],
    ['too much', 'x'.repeat(41), 'It must have at most 40 characters'],
    ['U+0000', 'a\0b', CONTROL],
    ['two lines', 'a\nb', CONTROL],
    ['two lines of Unicode', 'a\u2028b', CONTROL],
    ['two paragraphs', 'a\u2029b', CONTROL],
    ['an escape', 'a\u001b[31mb', CONTROL],
    ['a control of ISO 8859', 'a\u0085b', CONTROL],
    ['an override', 'Ada\u202Enimda', UNSEEN],
    ['an embedding', '\u202AAda\u202C', UNSEEN],
    ['an isolate', '\u2066Ada\u2069', UNSEEN],
    ['a mark of direction', 'Ada\u200F', UNSEEN],
    ['a mark of Arabic', 'Ada\u061C', UNSEEN],
    ['a space without width', 'A\u200Bda', UNSEEN],
    ['a joiner of words', 'A\u2060da', UNSEEN],
    ['a byte order mark', 'A\uFEFFda', UNSEEN],
    ['a soft hyphen', 'A\u00ADda', UNSEEN],
    ['a joiner of graphemes', 'A\u034Fda', UNSEEN],
    ['a joiner between Latin letters', 'A\u200Dda', UNSEEN],
    ['one that parts them', 'A\u200Cda', UNSEEN],
    ['one between Cyrillic ones', 'А\u200Dда', UNSEEN],
    ['one at the end', 'می\u200C', UNSEEN],
    ['one at the beginning', '\u200Dمی', UNSEEN],
    ['two of them', 'می\u200C\u200Cخواهم', UNSEEN],
    ['one behind an emoji', '👩\u200D', UNSEEN],
    ['a selector behind a letter', 'A\uFE0Fda', UNSEEN],
    ['one behind a figure', '1\uFE0F', UNSEEN],
    ['one of Han behind Latin', 'A\u{E0100}', UNSEEN],
    ['a filler', '\u3164', UNSEEN],
    ['one of half width', 'A\uFFA0', UNSEEN],
    ['one of old Korean', '\u115F\u1160', UNSEEN],
    ['a text in tags', 'Ada\u{E0068}\u{E0069}', UNSEEN],
    ['one behind a flag', `🏴${'\u{E0068}'.repeat(9)}\u{E007F}`, UNSEEN],
    ['a vowel that is not there', 'ក\u17B4', UNSEEN],
    ['notes between lines', 'a\uFFF9b', UNSEEN],
    ['musical beams', 'a\u{1D173}b', UNSEEN],
  ])('not %s', (_, given, problem) => {
    expect(problemOf(given)).toEqual([problem]);
  });
});

describe('a name from elsewhere', () => {
  it.each([
    ['Ada\u202E\nLove\u200Blace', 'AdaLovelace'],
    ['\u202E \u200B', ''],
    ['\u2800', ''],
    [' e\u200B\u0301 ', 'é'],
    [`${'x'.repeat(39)}👩\u200D🚀`, 'x'.repeat(39)],
    [`${'x'.repeat(39)} y`, 'x'.repeat(39)],
  ])('%j is kept as %j', (given, kept) => {
    expect(toDisplayName(given, 40)).toBe(kept);
  });

  it('whatever it is, is kept as one that the rule takes as it is', () => {
    const unit = fc.oneof(
      fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
      fc.constantFrom('\u200D', '\u200C', '\uFE0F', '\u202E', '👩', '🚀', 'a', 'e', '\u0301', 'ی', 'क', '्', ' ', '\n'),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 60 }), (units) => {
        const kept = toDisplayName(units.join(''), 40);
        expect(kept.length).toBeLessThanOrEqual(40);
        if (kept !== '') expect(rule.parse(kept)).toBe(kept);
        const given = rule.safeParse(units.join(''));
        if (given.success) expect(kept).toBe(given.data);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is cut between characters as readers see them', () => {
    expect(cutDisplayName('ab', 2)).toBe('ab');
    expect(cutDisplayName('abc', 2)).toBe('ab');
    expect(cutDisplayName('a👩\u200D🚀', 5)).toBe('a');
    expect(cutDisplayName('ae\u0301', 2)).toBe('a');
    expect(cutDisplayName('👩\u200D🚀', 3)).toBe('');
  });
});
