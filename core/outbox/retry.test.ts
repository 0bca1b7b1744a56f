import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GIVEN_UP_AFTER, HOURLY_MS, retryDelay } from './retry.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('the wait grows, never beyond five minutes while there is hope, and is an hour after that', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), random, (attempt, chance) => {
      const delay = retryDelay(attempt, chance);
      if (attempt >= GIVEN_UP_AFTER) return delay === HOURLY_MS;
      return delay >= 400 && delay <= 300_000 && delay <= retryDelay(attempt + 1, chance);
    }),
  );
});

test('twenty attempts take between half an hour and two hours', () => {
  const total = Array.from({ length: GIVEN_UP_AFTER - 1 }, (_, n) => retryDelay(n + 1, 0.5)).reduce((a, b) => a + b);
  expect(total).toBeGreaterThan(1_800_000);
  expect(total).toBeLessThan(7_200_000);
});
