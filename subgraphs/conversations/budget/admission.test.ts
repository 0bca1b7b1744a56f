import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, enoughFor, type LimitState, SHORTEST_ANSWER } from './admission.ts';

const limit = (of: Partial<LimitState>): LimitState => ({
  id: 'all',
  max: 10_000,
  used: 0,
  reserved: 0,
  whenExhausted: 'REJECT',
  downgradeModel: null,
  queued: false,
  ...of,
});
const downgrade = (model: string, of: Partial<LimitState> = {}) =>
  limit({ id: `to ${model}`, whenExhausted: 'DOWNGRADE', downgradeModel: model, ...of });
const CALL = { model: 'big', least: 100, most: 1_100 };
const USED_UP = { used: 10_000 };

describe('a call and the limits that it falls under', () => {
  it.each([
    ['no limit', [], { kind: 'GRANT', model: 'big', tokens: 1_100, limitIds: [] }],
    ['room', [limit({})], { kind: 'GRANT', tokens: 1_100, limitIds: ['all'] }],
    ['cut to what is left', [limit({ used: 9_500 })], { kind: 'GRANT', tokens: 500 }],
    ['too little left for an answer', [limit({ used: 9_700 })], { kind: 'REJECT' }],
    ['not cut for what others may give back', [limit({ reserved: 9_000 })], { kind: 'REJECT' }],
    ['just enough beside the others', [limit({ reserved: 8_900 })], { kind: 'GRANT', tokens: 1_100 }],
    ['waits', [limit({ ...USED_UP, whenExhausted: 'PAUSE' })], { kind: 'PAUSE' }],
    ['waits behind others', [limit({ whenExhausted: 'PAUSE', queued: true })], { kind: 'PAUSE' }],
    [
      'the strictest first',
      [downgrade('small', USED_UP), limit({ ...USED_UP, whenExhausted: 'PAUSE' }), limit({ ...USED_UP, id: 'no' })],
      { kind: 'REJECT', limit: { id: 'no' } },
    ],
    ['another model', [downgrade('small', USED_UP)], { kind: 'GRANT', model: 'small', tokens: 1_100, limitIds: [] }],
    [
      'another model, which draws from the others',
      [limit({ used: 9_500 }), downgrade('small', USED_UP)],
      { kind: 'GRANT', model: 'small', tokens: 500, limitIds: ['all'] },
    ],
    [
      'the cheap model does not draw from what falls back on it',
      [downgrade('big', USED_UP)],
      { kind: 'GRANT', model: 'big', limitIds: [] },
    ],
    [
      'one fallback after the other',
      [downgrade('small', USED_UP), downgrade('tiny', USED_UP)],
      { kind: 'GRANT', model: 'tiny', limitIds: [] },
    ],
    [
      'fallbacks in a circle',
      [downgrade('small', USED_UP), downgrade('big', USED_UP)],
      { kind: 'REJECT', limit: { id: 'to big' } },
    ],
  ] as [string, LimitState[], object][])('%s', (_name, limits, expected) => {
    expect(admit(limits, CALL)).toMatchObject(expected);
  });

  it('is made for an answer that is worth it, and for a shorter one where that is all it asks for', () => {
    expect(enoughFor({ least: 10, most: 5_000 })).toBe(10 + SHORTEST_ANSWER);
    expect(enoughFor({ least: 10, most: 15 })).toBe(15);
  });
});

interface Held {
  model: string;
  tokens: number;
  limitIds: string[];
}

describe('the accounting of limits', () => {
  const action = fc.constantFrom('REJECT' as const, 'PAUSE' as const, 'DOWNGRADE' as const);
  const limits = fc.array(fc.record({ max: fc.integer({ min: 1, max: 20_000 }), whenExhausted: action }), {
    minLength: 1,
    maxLength: 4,
  });
  const event = fc.oneof(
    fc.record({
      type: fc.constant('reserve' as const),
      model: fc.constantFrom('big', 'small', 'tiny'),
      least: fc.integer({ min: 1, max: 3_000 }),
      answer: fc.integer({ min: 1, max: 5_000 }),
    }),
    fc.record({
      type: fc.constant('settle' as const),
      which: fc.nat(),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.record({ type: fc.constant('release' as const), which: fc.nat() }),
  );

  it('never holds more than there is, counts what was taken, and comes to nothing held', () => {
    fc.assert(
      fc.property(limits, fc.array(event, { maxLength: 60 }), (kinds, events) => {
        const states = kinds.map((kind, index) =>
          limit({
            ...kind,
            id: String(index),
            downgradeModel: kind.whenExhausted === 'DOWNGRADE' ? (['small', 'tiny'][index % 2] ?? null) : null,
          }),
        );
        const held: Held[] = [];
        const taken = new Map(states.map(({ id }) => [id, 0]));
        const end = (which: number, share: number) => {
          const [ended] = held.splice(which % held.length, 1);
          for (const state of states.filter(({ id }) => ended?.limitIds.includes(id))) {
            const tokens = Math.floor((ended?.tokens ?? 0) * share);
            state.reserved -= ended?.tokens ?? 0;
            state.used += tokens;
            taken.set(state.id, (taken.get(state.id) ?? 0) + tokens);
          }
        };
        for (const each of events) {
          if (each.type === 'reserve') {
            const call = { model: each.model, least: each.least, most: each.least + each.answer };
            const verdict = admit(states, call);
            if (verdict.kind === 'GRANT') {
              expect(verdict.tokens).toBeGreaterThanOrEqual(enoughFor(call));
              expect(verdict.tokens).toBeLessThanOrEqual(call.most);
              for (const state of states) if (verdict.limitIds.includes(state.id)) state.reserved += verdict.tokens;
              held.push(verdict);
            } else if (verdict.limit.whenExhausted !== 'DOWNGRADE') {
              // Nobody is sent away by a limit that has room for all that he wants.
              expect(verdict.limit.max - verdict.limit.used - verdict.limit.reserved).toBeLessThan(call.most);
            }
          } else if (held.length > 0) end(each.which, each.type === 'settle' ? each.share : 0);
          for (const state of states) expect(state.used + state.reserved).toBeLessThanOrEqual(state.max);
        }
        while (held.length > 0) end(0, 1);
        for (const state of states) {
          expect(state).toMatchObject({ reserved: 0, used: taken.get(state.id) });
          expect(state.used).toBeLessThanOrEqual(state.max);
        }
      }),
    );
  });
});
