import { describe, expect, it } from 'vitest';
import type { Viewer } from '#core/viewer';
import { VerdictCache } from './verdict-cache.ts';

const viewer = (orgId: string, userId: string): Viewer => ({
  userId,
  userKind: 'HUMAN',
  orgId,
  role: 'MEMBER',
  permissions: [],
  credential: { kind: 'SESSION', id: `${orgId}:${userId}`, expiresAt: null },
});

const WHO = { ann: viewer('a', '1'), bob: viewer('a', '2'), cleo: viewer('b', '3') };

/** Who is asked about again after a change. */
const askedAgain = async (change: { orgId?: string; userId?: string }) => {
  const cache = new VerdictCache();
  const asked: string[] = [];
  const lookUp = (name: keyof typeof WHO) =>
    cache.of(name, async () => {
      asked.push(name);
      return WHO[name];
    });
  const names = Object.keys(WHO) as (keyof typeof WHO)[];
  for (const name of names) await lookUp(name);
  for (const name of names) await lookUp(name);
  expect(asked.splice(0)).toEqual(names);
  cache.forget(change);
  for (const name of names) await lookUp(name);
  return asked;
};

describe('a verdict is forgotten', () => {
  it.each([
    ['of the user', { orgId: 'a', userId: '1' }, ['ann']],
    ['of the user, wherever he is', { userId: '2' }, ['bob']],
    ['of the organization', { orgId: 'a' }, ['ann', 'bob']],
    ['of anybody', {}, ['ann', 'bob', 'cleo']],
    ['of somebody whom nobody asked about', { orgId: 'z', userId: '26' }, []],
  ])('where it is %s that a change tells of', async (_, change, expected) => {
    expect(await askedAgain(change)).toEqual(expected);
  });

  it('while it is being asked for: it may have been given before the change', async () => {
    const cache = new VerdictCache();
    let answer: (viewer: Viewer) => void = () => {};
    const early = cache.of('ann', () => new Promise((resolve) => (answer = resolve)));
    cache.forget({ userId: '26' });
    const late = cache.of('ann', async () => null);
    answer(WHO.ann);
    expect(await Promise.all([early, late])).toEqual([WHO.ann, null]);
    expect(await cache.of('ann', async () => WHO.ann)).toBeNull();
  });

  it('where it was refused: who is let in again is nobody until then', async () => {
    const cache = new VerdictCache();
    expect(await cache.of('ann', async () => null)).toBeNull();
    expect(await cache.of('ann', async () => WHO.ann)).toBeNull();
    cache.forget({ orgId: 'a', userId: '1' });
    expect(await cache.of('ann', async () => WHO.ann)).toBe(WHO.ann);
  });

  it('where there was none', async () => {
    const cache = new VerdictCache();
    await expect(cache.of('ann', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await cache.of('ann', async () => WHO.ann)).toBe(WHO.ann);
  });
});
