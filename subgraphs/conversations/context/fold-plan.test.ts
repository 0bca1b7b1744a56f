import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FoldLine, planFold } from './fold-plan.ts';

const lines = (tokens: number[], fixed = 1): FoldLine[] =>
  tokens.map((each, index) => ({ tokens: each, foldable: index < tokens.length - fixed }));

describe('what of a conversation is folded', () => {
  it.each([
    ['nothing while there is room', lines([100, 100, 100]), 0, 1_000, null],
    ['well before there is none, the oldest', lines([300, 200, 200, 100]), 0, 1_000, { count: 2, urgent: false }],
    ['at once where it does not fit', lines([600, 300, 200, 100]), 0, 1_000, { count: 2, urgent: true }],
    ['the summary so far counts', lines([100, 100]), 600, 1_000, { count: 1, urgent: false }],
    ['never what is being answered', lines([2_000]), 0, 1_000, null],
    ['never what came after it', lines([10, 2_000, 2_000], 2), 0, 1_000, { count: 1, urgent: true }],
  ] as [string, FoldLine[], number, number, object | null][])('%s', (_name, all, summary, room, expected) => {
    expect(planFold(all, summary, room)).toEqual(expected);
  });

  it('takes the fewest that leave room, and none that may not be folded', () => {
    const line = fc.record({ tokens: fc.integer({ min: 1, max: 500 }), foldable: fc.boolean() });
    fc.assert(
      fc.property(fc.array(line), fc.nat(300), fc.integer({ min: 100, max: 3_000 }), (all, summary, room) => {
        const plan = planFold(all, summary, room);
        const total = all.reduce((sum, { tokens }) => sum + tokens, summary);
        if (total <= room * 0.7) expect(plan).toBeNull();
        if (!plan) return;
        expect(plan.urgent).toBe(total > room);
        const folded = all.slice(0, plan.count);
        expect(folded.every(({ foldable }) => foldable)).toBe(true);
        const before = folded.slice(0, -1).reduce((sum, { tokens }) => sum + tokens, 0);
        expect(total - before).toBeGreaterThan(room * 0.35);
      }),
    );
  });
});
