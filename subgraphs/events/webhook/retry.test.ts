import { expect, test } from 'vitest';
import { retryDelay } from './retry.ts';

const policy = { firstMs: 5_000, tries: 8 };

test.each([
  [1, 0.5, 5_000],
  [2, 0.5, 20_000],
  [3, 0, 64_000],
  [3, 1, 96_000],
  [7, 0.5, 20_480_000],
  [8, 0.5, null],
  [9, 0.5, null],
])('after %i tries, at %d: %s ms', (tries, random, ms) => {
  const delay = retryDelay(policy, tries, random);
  if (ms === null) expect(delay).toBeNull();
  else expect(delay).toBeCloseTo(ms);
});

test('waits twelve hours at most', () => {
  expect(retryDelay({ firstMs: 3_600_000, tries: 20 }, 15, 0.5)).toBe(12 * 3_600_000);
});
