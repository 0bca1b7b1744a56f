import { afterAll, beforeAll, expect, it } from 'vitest';
import { Bench } from '../identity-bench.fixture.ts';

const LOG_IN = 'mutation ($input: LogInInput!) { logIn(input: $input) { accessToken } }';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench.stop());

it('stops an address that tries many accounts', async () => {
  const codes: string[] = [];
  for (let account = 0; account < 102; account++) {
    const input = { email: `somebody-${account}@example.com`, password: 'winter2026' };
    const { extensions } = await bench.anonymous.refused(LOG_IN, { input });
    codes.push(extensions.code);
    if (account > 100) expect(extensions.retryAfterSeconds).toBeGreaterThan(0);
  }
  expect(codes.slice(0, 100).every((code) => code === 'UNAUTHENTICATED')).toBe(true);
  expect(codes.slice(100)).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
});
