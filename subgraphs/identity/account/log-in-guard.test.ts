import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from '../identity-bench.fixture.ts';
import { BY_NETWORK, BY_STRANGERS } from './log-in-guard.ts';

const LOG_IN = 'mutation ($input: LogInInput!) { logIn(input: $input) { accessToken } }';
const ANSWERS = ['UNAUTHENTICATED', 'RATE_LIMITED'];

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.start();
});
afterEach(() => bench.stop());

/** Guesses once, wrongly, and returns the code of the refusal. */
const guess = async (address: string, email: string) => {
  const input = { email, password: 'winter2026' };
  const { extensions } = await bench.anonymous.at(address).refused(LOG_IN, { input });
  if (extensions.code === 'RATE_LIMITED') expect(extensions.retryAfterSeconds).toBeGreaterThan(0);
  return extensions.code;
};
const logIn = (address: string, { email, password }: { email: string; password: string }) =>
  bench.anonymous.at(address).ask(LOG_IN, { input: { email, password } });
/** One of many places that nobody has been to. */
const elsewhere = (n: number) => `198.51.${Math.floor(n / 250)}.${(n % 250) + 1}`;
/** Guesses from place after place, several at once, until nothing is taken any more. Returns how many guesses were. */
const guessFromEverywhere = async (email: string, times: number) => {
  const codes: string[] = [];
  while (codes.length < times) {
    const from = codes.length;
    codes.push(...(await Promise.all(Array.from({ length: 20 }, (_, n) => guess(elsewhere(from + n), email)))));
  }
  expect(codes.filter((code) => !ANSWERS.includes(code))).toEqual([]);
  return codes.filter((code) => code === 'UNAUTHENTICATED').length;
};

describe('what strangers guess', () => {
  it('at one place does not keep the owner out, neither where he was before nor anywhere else', async () => {
    const owner = await bench.person();
    const codes: string[] = [];
    for (let count = 0; count < 15; count++) codes.push(await guess('203.0.113.5', owner.email));
    expect(codes).toEqual([...Array<string>(10).fill('UNAUTHENTICATED'), ...Array<string>(5).fill('RATE_LIMITED')]);
    await logIn(bench.address, owner);
    await logIn('203.0.113.77', owner);
  });

  it('from everywhere is bounded, and does not keep the owner out where he was before', async () => {
    const owner = await bench.person();
    expect(await guessFromEverywhere(owner.email, 100)).toBe(BY_STRANGERS.points);
    await logIn(bench.address, owner);
    expect(await guess(elsewhere(500), owner.email)).toBe('RATE_LIMITED');
    await expect(logIn(elsewhere(501), owner)).rejects.toThrow('RATE_LIMITED');
  });

  it('while he logs in does not make him wait behind them', async () => {
    const owner = await bench.person();
    const guesses = Array.from({ length: 220 }, (_, n) => guess(elsewhere(n), owner.email));
    await logIn(bench.address, owner);
    expect((await Promise.all(guesses)).filter((code) => !ANSWERS.includes(code))).toEqual([]);
  });

  it('of an account that there is not is answered as of one that there is', async () => {
    expect(await guessFromEverywhere('nobody@example.com', 60)).toBe(BY_STRANGERS.points);
  });
});

describe('a place that is known', () => {
  it('lets in as few wrong passwords as any other', async () => {
    const owner = await bench.person();
    await guessFromEverywhere(owner.email, 60);
    const codes: string[] = [];
    for (let count = 0; count < 12; count++) codes.push(await guess(bench.address, owner.email));
    expect(codes.filter((code) => code === 'UNAUTHENTICATED')).toHaveLength(10);
  });

  it('is known for the account that was logged in to, by its network where it has an address of IPv6', async () => {
    const [owner, other] = [await bench.person(), await bench.person()];
    await logIn('2001:db8:0:7::1', owner);
    for (const { email } of [owner, other]) await guessFromEverywhere(email, 60);
    await logIn('2001:db8:0:7:aa:bb:cc:dd', owner);
    await expect(logIn('2001:db8:0:8::1', owner)).rejects.toThrow('RATE_LIMITED');
    await expect(logIn('2001:db8:0:7::1', other)).rejects.toThrow('RATE_LIMITED');
  });

  it('is one no more once its session was revoked as somebody else’s, or is long over', async () => {
    const [robbed, away] = [await bench.person(), await bench.person()];
    await logIn('203.0.113.5', robbed);
    await logIn('203.0.113.5', away);
    await guessFromEverywhere(robbed.email, 60);
    await guessFromEverywhere(away.email, 60);
    const { sessions } = await robbed.client.ask<{ sessions: { nodes: { id: string; ip: string }[] } }>(
      '{ sessions { nodes { id ip } } }',
    );
    const input = { sessionId: sessions.nodes.find(({ ip }) => ip === '203.0.113.5')?.id };
    await robbed.client.ask(
      'mutation ($input: RevokeSessionInput!) { revokeSession(input: $input) { revokedSessionId } }',
      {
        input,
      },
    );
    await expect(logIn('203.0.113.5', robbed)).rejects.toThrow('RATE_LIMITED');
    await logIn('203.0.113.5', away);
    const lastSeenAt = new Date(Date.now() - 91 * 24 * 60 * 60 * 1000);
    await bench.database.system.session.updateMany({ where: { userId: away.userId }, data: { lastSeenAt } });
    await expect(logIn('203.0.113.5', away)).rejects.toThrow('RATE_LIMITED');
  });
});

it('stops a network that tries many accounts', async () => {
  const codes: string[] = [];
  for (let account = 0; account < BY_NETWORK.points + 2; account++) {
    codes.push(await guess(`2001:db8:0:7::${account}`, `somebody-${account}@example.com`));
  }
  expect(codes.slice(0, -2).every((code) => code === 'UNAUTHENTICATED')).toBe(true);
  expect(codes.slice(-2)).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
});
