import { afterAll, beforeAll, expect, it } from 'vitest';
import { Bench } from '../identity-bench.fixture.ts';
import { purgeSessions } from './session-purge.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench.stop());

it('deletes sessions that ended more than 30 days ago, and no others', async () => {
  const ago = (days: number) => new Date(Date.now() - days * 86_400_000);
  const end = async (data: { expiresAt?: Date; revokedAt?: Date }) => {
    const { sessionId } = await bench.person();
    await bench.database.system.session.update({ where: { id: sessionId }, data });
    return sessionId;
  };
  const old = [await end({ expiresAt: ago(31) }), await end({ revokedAt: ago(31) })];
  const kept = [await end({ expiresAt: ago(29) }), await end({ revokedAt: ago(29) }), await end({})];
  expect(await purgeSessions(bench.database)).toBe(2);
  const left = await bench.database.system.session.findMany({ where: { id: { in: [...old, ...kept] } } });
  expect(left.map(({ id }) => id).sort()).toEqual(kept.sort());
  expect(await bench.database.system.refreshToken.count({ where: { sessionId: { in: old } } })).toBe(0);
  expect(await purgeSessions(bench.database)).toBe(0);
});
