import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCountingRedis } from './counting-redis.ts';
import { hasRedisServer, type RedisServer, startRedisServer } from './job/redis-server.fixture.ts';
import { createLog } from './log.ts';
import { createRateLimits } from './rate-limit.ts';

describe('a budget', () => {
  const limit = { name: 'requests', points: 3, seconds: 60 };

  it('is each caller’s own, and tells when there is more', async () => {
    const limits = createRateLimits(null);
    for (let count = 0; count < 3; count++) await limits.consume(limit, 'a');
    await expect(limits.consume(limit, 'a')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      extensions: { retryAfterSeconds: expect.toSatisfy((seconds: number) => seconds >= 1 && seconds <= 60) },
    });
    await limits.consume(limit, 'b');
    await limits.consume({ ...limit, name: 'log-in' }, 'a');
  });

  it('can be taken several points at a time, and given back', async () => {
    const limits = createRateLimits(null);
    await limits.consume(limit, 'a', 3);
    await expect(limits.consume(limit, 'a')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await limits.reset(limit, 'a');
    await limits.consume(limit, 'a');
    await expect(limits.consume(limit, 'a', 3)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });
});

describe.runIf(hasRedisServer())('a budget that several processes count', () => {
  let redis: RedisServer;
  const clients: ReturnType<typeof openCountingRedis>[] = [];
  const join = async () => {
    const client = openCountingRedis(redis.url, createLog({ level: 'silent', pretty: false }));
    clients.push(client);
    await new Promise((resolve) => client.once('ready', resolve));
    return createRateLimits(client);
  };

  beforeAll(async () => {
    redis = await startRedisServer();
  });

  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await redis?.stop();
  });

  it('is one for all of them, and each one’s own while Redis is silent or gone', async () => {
    const limit = { name: 'requests', points: 3, seconds: 600 };
    const [one, other] = [await join(), await join()];
    await one.consume(limit, 'a', 2);
    await other.consume(limit, 'a');
    await expect(one.consume(limit, 'a')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    redis.pause();
    for (let count = 0; count < 3; count++) await one.consume(limit, 'a');
    await expect(one.consume(limit, 'a')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    redis.resume();
    await redis.kill();
    for (let count = 0; count < 3; count++) await other.consume(limit, 'a');
    await expect(other.consume(limit, 'a')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });
});
