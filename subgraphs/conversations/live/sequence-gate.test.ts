import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequenceGate } from './sequence-gate.ts';

/** What a gate lets through of what comes, in that order. */
const letThrough = (sequences: readonly number[], last = 0): number[] => {
  const gate = new SequenceGate<number>(last);
  const taken: number[] = [];
  for (const sequence of sequences) {
    const verdict = gate.judge(sequence);
    if (verdict === 'EARLY') gate.wait(sequence, sequence);
    if (verdict !== 'NEXT') continue;
    for (let next: number | null = sequence; next !== null; next = gate.taken()) taken.push(next);
  }
  return taken;
};

describe('the order of what a client sends', () => {
  it('is kept, each once, in whichever order and however often it comes', () => {
    const sending = fc.integer({ min: 1, max: 40 }).chain((count) =>
      fc.shuffledSubarray(
        Array.from({ length: count * 2 }, (_, index) => (index % count) + 1),
        { minLength: count * 2 },
      ),
    );
    fc.assert(
      fc.property(sending, (sequences) => {
        const count = sequences.length / 2;
        expect(letThrough(sequences)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
      }),
    );
  });

  it.each([
    ['what was taken before', [3, 4, 5], 5, []],
    ['what is missing holds back the rest', [2, 3], 0, []],
    ['until it comes', [3, 2, 1], 0, [1, 2, 3]],
    ['from where an earlier process was', [8, 7], 6, [7, 8]],
  ])('%s', (_, sequences, last, expected) => {
    expect(letThrough(sequences, last)).toEqual(expected);
  });

  it('keeps a bounded number waiting, and forgets one on demand', () => {
    const gate = new SequenceGate<number>(0);
    const waiting = Array.from({ length: 100 }, (_, index) => gate.wait(index + 2, index));
    expect(waiting.filter(Boolean)).toHaveLength(64);
    expect(gate.wait(2, 0)).toBe(false);
    expect([gate.forget(2), gate.forget(2), gate.expected]).toEqual([true, false, 1]);
  });
});
