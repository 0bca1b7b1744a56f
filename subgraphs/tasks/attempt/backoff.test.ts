import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BACKOFFS, type Backoff, pauseBehind } from './backoff.ts';

const of = (kind: Backoff['kind'], more: Partial<Backoff> = {}): Backoff => ({
  kind,
  delayMs: 100,
  maxDelayMs: 1_000,
  jitter: 0,
  ...more,
});

describe('the pause behind a failed attempt', () => {
  it.each([
    ['FIXED', [100, 100, 100, 100, 100]],
    ['LINEAR', [100, 200, 300, 400, 500]],
    ['EXPONENTIAL', [100, 200, 400, 800, 1_000]],
  ] as const)('%s', (kind, expected) => {
    expect([1, 2, 3, 4, 5].map((failures) => pauseBehind(failures, of(kind), 0.5))).toEqual(expected);
  });

  it('is shortened by chance, by no more than its jitter', () => {
    expect(pauseBehind(1, of('FIXED', { jitter: 0.5 }), 0)).toBe(100);
    expect(pauseBehind(1, of('FIXED', { jitter: 0.5 }), 0.5)).toBe(75);
    expect(pauseBehind(1, of('FIXED', { jitter: 1 }), 0.5)).toBe(50);
  });

  it('stays between what jitter leaves of it and the longest, and never shrinks without chance', () => {
    const backoff = fc.record({
      kind: fc.constantFrom(...BACKOFFS),
      delayMs: fc.integer({ min: 0, max: 3_600_000 }),
      maxDelayMs: fc.integer({ min: 0, max: 86_400_000 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(backoff, fc.integer({ min: 1, max: 2_000 }), chance, (each, failures, random) => {
        const whole = pauseBehind(failures, { ...each, jitter: 0 }, 0);
        const pause = pauseBehind(failures, each, random);
        expect(pause).toBeLessThanOrEqual(whole);
        expect(pause).toBeGreaterThanOrEqual(Math.floor(whole * (1 - each.jitter)));
        expect(whole).toBeLessThanOrEqual(each.maxDelayMs);
        expect(pauseBehind(failures + 1, { ...each, jitter: 0 }, 0)).toBeGreaterThanOrEqual(whole);
      }),
    );
  });
});
