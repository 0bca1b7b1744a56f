import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelPart, ModelTurn } from '#core/model/model.port';
import { toWholeCharacters } from '#core/storable-text';
import { textTokens, turnTokens } from '../orchestration/token-estimate.ts';
import { cutText } from './cut-text.ts';
import { type ContextTurn, fitTurns } from './fit-turns.ts';

const user = (...texts: string[]): ContextTurn => ({
  role: 'user',
  parts: texts.map((text) => ({ type: 'text', text })),
});
const model = (text: string): ContextTurn => ({ role: 'model', parts: [{ type: 'text', text }] });
const summary = (text: string): ContextTurn => ({ ...user(text), isSummary: true });
const calls = (...ids: string[]): ContextTurn => ({
  role: 'model',
  parts: ids.map((id) => ({ type: 'tool_call', id, name: 'look', args: {} })),
  rawParts: { provider: 'gemini', model: 'gemini/x', parts: [{ thoughtSignature: 'c2ln' }] },
});
const results = (result: string, ...ids: string[]): ContextTurn => ({
  role: 'tool',
  parts: ids.map((id) => ({ type: 'tool_result', id, name: 'look', result })),
});
const PICTURE: ModelPart = { type: 'image', mimeType: 'image/png', data: 'aGk=' };
const tokensOf = (turns: readonly ModelTurn[]) => turns.reduce((sum, turn) => sum + turnTokens(turn), 0);
const shown = (turns: readonly ModelTurn[]) =>
  turns.map(({ role, parts }) => `${role}: ${parts.map(textOf).join(' | ')}`);
const textOf = (part: ModelPart) =>
  part.type === 'text' ? part.text : part.type === 'tool_result' ? String(part.result) : part.type;
const long = (word: string, times: number) => Array.from({ length: times }, () => word).join(' ');

describe('a text that is cut', () => {
  it('keeps its beginning and its end, says how much is missing, and is no longer than it may be', () => {
    const text = `Begin ${long('middle', 1_000)} end`;
    const cut = cutText(text, 100);
    expect(cut).toMatch(/^Begin [\s\S]*characters left out[\s\S]* end$/);
    expect(textTokens(cut)).toBeLessThanOrEqual(100);
    expect(cutText('short', 100)).toBe('short');
  });

  it('is well-formed and within its tokens, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.integer({ min: 30, max: 200 }), (text, tokens) => {
        const cut = cutText(text, tokens);
        expect(textTokens(cut)).toBeLessThanOrEqual(tokens);
        if (toWholeCharacters(text) === text) expect(toWholeCharacters(cut)).toBe(cut);
      }),
    );
  });
});

describe('turns that are made to fit', () => {
  it.each([
    ['what fits as it is', [user('a'), model('b'), user('c')], 100, ['user: a', 'model: b', 'user: c']],
    [
      'the oldest left out, with a note',
      [user(long('old', 200)), model(long('older', 200)), user('now')],
      60,
      ['user: [Earlier messages are left out here: 2.] | now'],
    ],
    [
      'calls left out together with their results',
      [user('why'), calls('1'), results(long('x', 50), '1'), model('so'), user('and now')],
      45,
      ['user: [Earlier messages are left out here: 2.]', 'model: so', 'user: and now'],
    ],
    [
      'the question kept, however many calls come after it',
      [user('why'), calls('1'), results(long('x', 900), '1'), calls('2'), results('y', '2')],
      70,
      ['user: [Earlier messages are left out here: 1.] | why', 'model: tool_call', 'tool: y'],
    ],
    [
      'the newest message with its picture',
      [user(long('old', 2_000)), { role: 'user', parts: [{ type: 'text', text: 'look' }, PICTURE] }],
      1_400,
      ['user: [Earlier messages are left out here: 1.] | look | image'],
    ],
    [
      'a picture for which there is no room left out, and not the words with it',
      [{ role: 'user', parts: [{ type: 'text', text: 'look' }, PICTURE] }],
      300,
      ['user: look | [A picture was here, and is left out.]'],
    ],
    [
      'the summary kept before the oldest messages',
      [summary('before'), user(long('old', 200)), model('m'), user('now')],
      70,
      ['user: before | [Earlier messages are left out here: 1.]', 'model: m', 'user: now'],
    ],
  ] as [string, ContextTurn[], number, string[]][])('%s', (_name, turns, budget, expected) => {
    expect(shown(fitTurns(turns, budget))).toEqual(expected);
  });

  it('cuts results first, then long messages, then leaves out', () => {
    const turns = [
      user(long('message', 1_500)),
      calls('1'),
      results(long('result', 2_000), '1'),
      model('so'),
      user('now'),
    ];
    const first = fitTurns(turns, tokensOf(turns) - 100);
    expect(textOf(first[0]?.parts[0] as ModelPart)).toBe(long('message', 1_500));
    expect(textOf(first[2]?.parts[0] as ModelPart)).toContain('[cut');
    // What the model wrote in its own form goes back untouched.
    expect(first[1]?.rawParts).toEqual(calls('1').rawParts);
    const second = fitTurns(turns, 2_500);
    expect(textOf(second[0]?.parts[0] as ModelPart)).toContain('left out');
    expect(second).toHaveLength(5);
    expect(shown(fitTurns(turns, 100))).toEqual([
      'user: [Earlier messages are left out here: 2.]',
      'model: so',
      'user: now',
    ]);
  });

  it('cuts a newest message that is too long by itself', () => {
    const [only] = fitTurns([user('old'), model('x'), user(`Begin ${long('word', 3_000)} end`)], 300);
    expect(shown([only as ModelTurn])[0]).toMatch(
      /arlier messages are left out here.*Begin [\s\S]*left out[\s\S]*end$/,
    );
  });

  const text = fc.oneof(
    fc.string({ minLength: 1, maxLength: 30 }),
    fc.nat({ max: 3_000 }).map((times) => long('w', times + 1)),
  );
  const exchange = fc.tuple(fc.integer({ min: 1, max: 3 }), text).map(([count, result]) => {
    const ids = Array.from({ length: count }, (_, index) => String(index));
    return [calls(...ids), results(result, ...ids)];
  });
  const round = fc
    .tuple(fc.array(text, { minLength: 1, maxLength: 3 }), fc.array(exchange, { maxLength: 3 }), fc.option(text))
    .map(([asked, exchanges, said]) => [user(...asked), ...exchanges.flat(), ...(said === null ? [] : [model(said)])]);
  const conversation = fc
    .tuple(fc.option(text), fc.array(round, { minLength: 1, maxLength: 6 }))
    .map(([before, rounds]) => [...(before === null ? [] : [summary(before)]), ...rounds.flat()]);

  it('never takes more than its budget, parts no call from its results, keeps the order and the newest message', () => {
    fc.assert(
      fc.property(conversation, fc.integer({ min: 250, max: 6_000 }), (turns, budget) => {
        const fitted = fitTurns(turns, budget);
        expect(tokensOf(fitted)).toBeLessThanOrEqual(budget);
        const inFull = tokensOf(
          turns.flatMap((turn) =>
            turn.role === 'user' ? turn.parts.map((part) => ({ ...turn, parts: [part] })) : [turn],
          ),
        );
        if (inFull <= budget) expect(tokensOf(fitted)).toBeGreaterThanOrEqual(tokensOf(turns) - 4 * turns.length);
        expect(fitted[0]?.role).toBe('user');
        fitted.forEach((turn, index) => {
          const ids = (of: ModelTurn | undefined, type: string) =>
            (of?.parts ?? []).flatMap((part) => (part.type === type && 'id' in part ? [part.id] : []));
          expect(ids(fitted[index + 1], 'tool_result')).toEqual(ids(turn, 'tool_call'));
          if (turn.role === 'user') expect(fitted[index + 1]?.role).not.toBe('user');
        });
        // Each part that is left is one of those before, whole or cut, in their order.
        const parts = turns.flatMap((turn) => turn.parts);
        let at = -1;
        for (const part of fitted.flatMap((turn) => turn.parts)) {
          if (textOf(part).includes('messages are left out here: ')) continue;
          at = parts.findIndex((each, index) => index > at && each.type === part.type && isCutOf(part, each));
          expect(at).toBeGreaterThanOrEqual(0);
        }
        const newest = turns.at(-1)?.parts.at(-1) as ModelPart;
        expect(isCutOf(fitted.at(-1)?.parts.at(-1) as ModelPart, newest)).toBe(true);
      }),
    );
  });

  const isCutOf = (cut: ModelPart, whole: ModelPart) =>
    textOf(cut) === textOf(whole) ||
    ((textOf(cut).includes('left out') || textOf(cut).includes('[cut')) &&
      (textOf(cut).startsWith('[left out]') ||
        textOf(whole).startsWith(textOf(cut).slice(0, textOf(cut).search(/\n?\[/)))));
});
