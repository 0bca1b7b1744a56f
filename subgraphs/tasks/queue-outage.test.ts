import { beforeAll, describe, expect, it } from 'vitest';
import { hasRedisServer, type RedisServer, startRedisServer } from '#core/job/redis-server.fixture';
import { Outside } from '#core/outbound/outside.fixture';
import { atFileEnd } from '#test/support/file-end';
import type { Person } from '#test/support/seed';
import { startTestServer } from '#test/support/server';
import { AT_ONCE, createTask, readTask, taskEnd } from './tasks.fixture.ts';

describe.skipIf(!hasRedisServer())('while the backend of the queue is away', { timeout: 90_000 }, () => {
  let redis: RedisServer;
  let outside: Outside;
  let owner: Person;

  beforeAll(async () => {
    redis = await startRedisServer();
    atFileEnd(() => redis.stop());
    outside = await Outside.start((_request, response) => response.end('done'));
    atFileEnd(() => outside.stop());
    const test = await startTestServer({ OUTBOUND_ALLOW: '127.0.0.1', REDIS_URL: redis.url });
    owner = await test.seed.owner();
  }, 120_000);

  it('tasks are accepted, and done once it is back', async () => {
    const webhook = () => ({
      kind: 'CALL_WEBHOOK',
      input: { url: `http://127.0.0.1:${outside.port}/` },
      policy: { backoff: AT_ONCE },
    });
    await taskEnd(owner.client, (await createTask(owner.client, webhook())).id);
    await redis.kill();
    const accepted = await Promise.all([1, 2, 3].map(() => createTask(owner.client, webhook())));
    expect(accepted.map(({ state }) => state)).toEqual(['QUEUED', 'QUEUED', 'QUEUED']);
    expect(await readTask(owner.client, accepted[0]?.id ?? '')).toMatchObject({ state: 'QUEUED' });
    await redis.start();
    for (const { id } of accepted)
      expect(await taskEnd(owner.client, id, 45_000)).toMatchObject({ state: 'SUCCEEDED' });
    expect(outside.requests).toHaveLength(4);
  });
});
