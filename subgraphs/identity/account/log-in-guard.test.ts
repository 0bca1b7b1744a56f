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

it('lets strangers keep nobody out who has logged in from the same address before', async () => {
  const email = 'olga@example.com';
  const password = 'correct horse battery staple';
  const home = '192.0.2.77';
  const from = (address: string) => {
    bench.address = address;
    return bench.anonymous;
  };
  await from(home).ask('mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken } }', {
    input: { email, password, name: 'Olga', organizationName: 'Org' },
  });
  const guess = async (address: string) =>
    (await from(address).refused(LOG_IN, { input: { email, password: 'winter2026' } })).extensions.code;
  // From one address: ten. From many together: a hundred.
  const codes: string[] = [];
  for (let index = 0; index < 130; index++) codes.push(await guess(`198.51.100.${Math.floor(index / 10)}`));
  expect(codes.slice(0, 100).every((code) => code === 'UNAUTHENTICATED')).toBe(true);
  expect(codes.slice(100).every((code) => code === 'RATE_LIMITED')).toBe(true);
  // The right password from elsewhere has to wait; at home it opens the door, and wrong ones are counted there too.
  const right = { input: { email, password } };
  expect((await from('203.0.113.9').refused(LOG_IN, right)).extensions.code).toBe('RATE_LIMITED');
  await from(home).ask(LOG_IN, right);
  const own: string[] = [];
  for (let index = 0; index < 12; index++) own.push(await guess(home));
  expect(own.slice(0, 10).every((code) => code === 'UNAUTHENTICATED')).toBe(true);
  expect(own.slice(10)).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
});
