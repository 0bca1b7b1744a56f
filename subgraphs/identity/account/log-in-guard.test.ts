import { afterAll, beforeAll, expect, it } from 'vitest';
import { Installation } from '../identity.fixture.ts';

const LOG_IN = 'mutation ($input: LogInInput!) { logIn(input: $input) { accessToken } }';

let installation: Installation;
beforeAll(async () => {
  installation = await Installation.start();
});
afterAll(() => installation.stop());

it('stops an address that tries many accounts', async () => {
  const codes: string[] = [];
  for (let account = 0; account < 102; account++) {
    const input = { email: `somebody-${account}@example.com`, password: 'winter2026' };
    const { extensions } = await installation.anonymous.refused(LOG_IN, { input });
    codes.push(extensions.code);
    if (account > 100) expect(extensions.retryAfterSeconds).toBeGreaterThan(0);
  }
  expect(codes.slice(0, 100).every((code) => code === 'UNAUTHENTICATED')).toBe(true);
  expect(codes.slice(100)).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
});
