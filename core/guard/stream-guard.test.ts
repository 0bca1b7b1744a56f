import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CARD } from './card.ts';
import { DETECTORS } from './detectors.ts';
import { EMAIL } from './email.ts';
import type { Detector } from './scanner.ts';
import { type GuardRule, StreamGuard } from './stream-guard.ts';
import { cuts, piecesOf, prose, shownOf, writtenCard, writtenEmail, writtenIban, writtenKey } from './text.fixture.ts';

const ALL = Object.values(DETECTORS);

const planted = fc.oneof(
  writtenCard.map((text) => ({ text, label: '[card]' })),
  writtenIban.map((text) => ({ text, label: '[iban]' })),
  writtenEmail.map((text) => ({ text, label: '[email]' })),
  writtenKey.map((text) => ({ text, label: '[secret]' })),
);

/** A text with things to be found in it, and how it is to be shown. */
const scene = fc
  .tuple(prose, fc.array(fc.tuple(planted, prose), { minLength: 1, maxLength: 4 }))
  .map(([begin, rest]) => ({
    text: begin + rest.map(([{ text }, after]) => text + after).join(''),
    shown: begin + rest.map(([{ label }, after]) => label + after).join(''),
  }));

const FINDERS: Detector[] = [DETECTORS.SECRET, DETECTORS.CARD, DETECTORS.IBAN, DETECTORS.EMAIL];

describe('a guarded stream', () => {
  it('shows of any text in any pieces what is to be shown, and all else once and in order', () => {
    fc.assert(
      fc.property(scene, cuts, ({ text, shown }, shares) => {
        expect(shownOf(piecesOf(text, shares), FINDERS)).toBe(shown);
      }),
      { numRuns: 300 },
    );
  });

  it('shows the same of any text, however it is cut', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.string({ unit: fc.constantFrom(...'0123456789 .-+@aDEk_:\n(\u200b'), maxLength: 300 }),
      fc
        .array(
          fc.oneof(
            prose,
            planted.map(({ text }) => text),
          ),
          { maxLength: 5 },
        )
        .map((all) => all.join('')),
    );
    fc.assert(
      fc.property(anything, cuts, (text, shares) => {
        const shown = shownOf([text], ALL);
        expect(shownOf(piecesOf(text, shares), ALL)).toBe(shown);
        expect(shownOf(text.split(''), ALL)).toBe(shown);
      }),
      { numRuns: 300 },
    );
  });

  it('never shows a digit of a card or a character of a key, at any split into two or into single characters', () => {
    const text = 'Take 4111 1111-1111 1111 and sk-live-9Zx8Yw7Vu6Ts5Rq4, dear all: bye.';
    for (let cut = 0; cut <= text.length; cut += 1) {
      const guard = new StreamGuard([rule(ALL)]);
      const pieces = [guard.push(text.slice(0, cut)), guard.push(text.slice(cut)), guard.end()];
      expect(pieces.join('')).toBe('Take [card] and [secret], dear all: bye.');
    }
  });

  it('lets prose pass at once, but for the word that is being written', () => {
    const guard = new StreamGuard([rule([CARD])]);
    expect(guard.push('Hello, how are you? I have 3')).toBe('Hello, how are you? I have ');
    expect(guard.push(' apples')).toBe('3 apples');
    const careful = new StreamGuard([rule(ALL)]);
    expect(careful.push('Hello, how are you')).toBe('Hello, how are ');
    expect(careful.push('? Fine')).toBe('you? ');
  });

  it('stops before what is blocked, wherever the text is cut', () => {
    fc.assert(
      fc.property(prose, writtenCard, prose, cuts, (before, card, after, shares) => {
        const rules = [rule([EMAIL], 'a'), rule([CARD], 'b', { kind: 'BLOCK', message: 'No cards.' })];
        const shown = (pieces: string[]) => {
          const guard = new StreamGuard(rules);
          const text = pieces.map((piece) => guard.push(piece)).join('') + guard.end();
          expect(guard.verdict?.ruleId).toBe('b');
          return text;
        };
        const whole = before + card + after;
        expect(shown(piecesOf(whole, shares))).toBe(shown([whole]));
        expect(before.startsWith(shown([whole]))).toBe(true);
      }),
    );
  });

  it('counts what it has put out of sight', () => {
    const guard = new StreamGuard([rule([CARD], 'cards'), rule([EMAIL], 'addresses')]);
    for (const piece of ['a@example', '.com, 4111111111', '111111, b@example.com']) guard.push(piece);
    guard.end();
    expect([...guard.redactions]).toEqual([
      ['addresses', 2],
      ['cards', 1],
    ]);
  });

  it('lets pass or stops what cannot be looked at, as the rule says', () => {
    const broken: Detector = {
      label: '',
      reach: 0,
      start: () => ({
        held: Number.POSITIVE_INFINITY,
        next: ({ plain }) => {
          if (plain === 'x') throw new Error('It fails.');
        },
        end: () => {},
      }),
    };
    const open = new StreamGuard([{ ...rule([broken]), failMode: 'OPEN' }]);
    expect(open.push('axa') + open.end()).toBe('axa');
    const closed = new StreamGuard([rule([broken])]);
    expect(closed.push('axa') + closed.end()).toBe('a');
    expect(closed.verdict).toMatchObject({ action: { kind: 'BLOCK' }, hasFailed: true });
  });

  it('leaves out invisible characters beyond sixty-four in a row, and finds what they would part', () => {
    expect(shownOf([`a${'\u200b'.repeat(1_000)}b`], [CARD])).toBe(`a${'\u200b'.repeat(64)}b`);
    expect(shownOf([`4111${'\u200b'.repeat(1_000)}111111111111`], [CARD])).toBe('[card]');
  });

  it.each([
    ['digits', '1'],
    ['digits by fours', '4111 '],
    ['single digits', '4 '],
    ['zeros', '00 '],
    ['unfinished addresses', 'a@'],
    ['addresses', 'a@b.co.'],
    ['a domain without end', '@a.'],
    ['beginnings of keys', 'sk-'],
    ['keys', 'sk-abcdefghij1234567890-'],
    ['accounts', 'DE89'],
    ['countries', 'gb 12 '],
    ['dashes', '-'],
    ['headers', '-----BEGIN PRIVATE KEY-----'],
    ['words that announce', 'password: '],
    ['tokens', 'token=ab1'],
    ['dots', 'eyJa1.'],
    ['marks', 'e\u0301\u0301'],
  ])('holds back little of endless %s, and comes to an end', (_, unit) => {
    const guard = new StreamGuard([rule(ALL)]);
    const piece = unit.repeat(Math.ceil(1_000 / unit.length));
    const reach = Math.max(...ALL.map((detector) => detector.reach));
    for (let count = 0; count < 60; count += 1) {
      guard.push(piece);
      if (guard.heldBack > reach * 3) expect(guard.heldBack).toBeLessThanOrEqual(reach * 3);
    }
    guard.end();
    expect(guard.heldBack).toBe(0);
  });
});

function rule(detectors: Detector[], id = 'rule', action: GuardRule['action'] = { kind: 'REDACT' }): GuardRule {
  return { id, detectors, action, failMode: 'CLOSED' };
}
