import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '#core/job/eventually.fixture';
import { hasRedisServer, type RedisServer, startRedisServer } from '#core/job/redis-server.fixture';
import { createLog } from '#core/log';
import type { Bus } from './bus.ts';
import { createMemoryBus } from './memory-bus.ts';
import { createRedisBus } from './redis-bus.ts';

const log = createLog({ level: 'silent', pretty: false });

/** Publishes until a message has come through: Redis may take a moment to let a subscriber in. */
async function untilHeard(bus: Bus, channel: string, heard: string[]): Promise<void> {
  const before = heard.length;
  await eventually(() => {
    bus.publish(channel, 'again');
    return heard.length > before;
  });
}

const withRedis = hasRedisServer();
let redis: RedisServer;

beforeAll(async () => {
  if (withRedis) redis = await startRedisServer();
});

afterAll(async () => {
  await redis?.stop();
});

describe.each([
  { name: 'in memory', open: async () => createMemoryBus(), run: true },
  { name: 'on Redis', open: () => createRedisBus(redis.url, log), run: withRedis },
])('a bus $name', ({ open, run }) => {
  it.runIf(run)('brings the messages of a channel in order, to those who listen to it and to nobody else', async () => {
    const bus = await open();
    const [first, second, other]: string[][] = [[], [], []];
    await bus.subscribe('room', (message) => first?.push(message));
    await bus.subscribe('room', (message) => second?.push(message));
    await bus.subscribe('another', (message) => other?.push(message));
    const sent = Array.from({ length: 50 }, (_, index) => String(index));
    for (const message of sent) bus.publish('room', message);
    bus.publish('another', 'end');
    await eventually(() => first?.length === 50 && second?.length === 50 && other?.length === 1);
    expect(first).toEqual(sent);
    expect(second).toEqual(sent);
    await bus.close();
  });

  it.runIf(run)('goes on for the others when one leaves, also when it leaves twice', async () => {
    const bus = await open();
    const [left, stayed]: string[][] = [[], []];
    const leave = await bus.subscribe('room', (message) => left?.push(message));
    await bus.subscribe('room', (message) => stayed?.push(message));
    leave();
    leave();
    bus.publish('room', 'hello');
    await eventually(() => stayed?.length === 1);
    expect(left).toEqual([]);
    await bus.close();
  });

  it.runIf(run)('lets somebody who left come back', async () => {
    const bus = await open();
    const heard: string[] = [];
    const leave = await bus.subscribe('room', () => {});
    leave();
    await bus.subscribe('room', (message) => heard.push(message));
    bus.publish('room', 'hello');
    await eventually(() => heard.length === 1);
    await bus.close();
  });
});

describe.runIf(withRedis)('a bus whose Redis goes away', () => {
  it('tells of the gap and delivers again, to those who came before and to those who came meanwhile', async () => {
    const bus = await createRedisBus(redis.url, log);
    let gaps = 0;
    bus.onGap(() => {
      gaps += 1;
    });
    const before: string[] = [];
    const meanwhile: string[] = [];
    await bus.subscribe('before', (message) => before.push(message));
    await redis.kill();
    await eventually(() => !bus.isUp());
    bus.publish('before', 'lost');
    await bus.subscribe('meanwhile', (message) => meanwhile.push(message));
    await redis.start();
    await eventually(() => bus.isUp() && gaps > 0);
    await untilHeard(bus, 'before', before);
    await untilHeard(bus, 'meanwhile', meanwhile);
    expect(before).not.toContain('lost');
    await bus.close();
  });

  it('lets nobody wait for a Redis that does not answer', async () => {
    const bus = await createRedisBus(redis.url, log);
    let gaps = 0;
    bus.onGap(() => {
      gaps += 1;
    });
    redis.pause();
    const heard: string[] = [];
    await bus.subscribe('room', (message) => heard.push(message));
    expect(gaps).toBe(0);
    redis.resume();
    await eventually(() => gaps === 1);
    bus.publish('room', 'hello');
    await eventually(() => heard.length > 0);
    await bus.close();
  });

  it('can be closed while Redis is away', async () => {
    const bus = await createRedisBus(redis.url, log);
    await redis.kill();
    await bus.subscribe('room', () => {});
    await bus.close();
    await redis.start();
  });
});
