import { describe, expect, it } from 'vitest';
import { type Candidate, chooseCandidate } from './candidate.ts';

const candidate = (name: string, fields: Partial<Candidate> = {}): Candidate => ({
  kind: 'AGENT',
  id: name,
  name,
  weight: 1,
  running: 0,
  isFailing: false,
  chosenAt: 0,
  passedOver: null,
  ...fields,
});

const gone = { passedOver: 'It is archived.' };

describe('who answers', () => {
  it.each<[Candidate[], Parameters<typeof chooseCandidate>[1], number, string | null]>([
    [[], 'FIRST', 0, null],
    [[candidate('a', gone)], 'FIRST', 0, null],
    [[candidate('a'), candidate('b')], 'FIRST', 0.9, 'a'],
    [[candidate('a', gone), candidate('b')], 'FIRST', 0, 'b'],
    [[candidate('a', { isFailing: true }), candidate('b')], 'FIRST', 0, 'b'],
    [[candidate('a', { isFailing: true }), candidate('b', gone)], 'FIRST', 0, 'a'],
    [[candidate('a', { running: 2 }), candidate('b', { running: 1 })], 'LEAST_LOADED', 0, 'b'],
    [[candidate('a', { running: 1 }), candidate('b', { running: 1 })], 'LEAST_LOADED', 0, 'a'],
    [[candidate('a', { chosenAt: 5 }), candidate('b', { chosenAt: 3 }), candidate('c', gone)], 'ROUND_ROBIN', 0, 'b'],
    [[candidate('a', { weight: 3 }), candidate('b')], 'WEIGHTED', 0.74, 'a'],
    [[candidate('a', { weight: 3 }), candidate('b')], 'WEIGHTED', 0.75, 'b'],
    [[candidate('a', { weight: 3, isFailing: true }), candidate('b')], 'WEIGHTED', 0, 'b'],
  ])('%#', (candidates, strategy, random, expected) => {
    const reasons: string[] = [];
    expect(chooseCandidate(candidates, strategy, random, reasons)?.name ?? null).toBe(expected);
    expect(reasons.length).toBeGreaterThan(0);
    for (const { name } of candidates.filter(({ passedOver }) => passedOver)) {
      expect(reasons).toContain(`${name}: It is archived.`);
    }
  });
});
