import { afterAll, beforeAll, expect, it } from 'vitest';
import { Bench } from '../identity-bench.fixture.ts';
import { SIGN_UPS } from './sign-up.service.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench.stop());

it('stops an address that makes accounts without end, also many in one request', async () => {
  const signUp = (name: string) =>
    `${name}: signUp(input: { email: "${name}@example.com", password: "tomato soup", name: "N", organizationName: "O" }) { expiresAt }`;
  await bench.anonymous.ask(`mutation { ${signUp('first')} }`);
  // The others have been made: hashing so many passwords is what takes the time.
  await bench.kernel.rateLimits.consume(SIGN_UPS, bench.address, SIGN_UPS.points - 2);
  await bench.anonymous.ask(`mutation { ${signUp('last')} }`);
  const { extensions } = await bench.anonymous.refused(`mutation { ${signUp('beyond')} ${signUp('further')} }`);
  expect(extensions).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) });
  expect(await bench.database.system.user.count()).toBe(2);
});
