import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { runInOrg } from '#core/database/tenant';
import { newId } from '#core/id';
import { createTestDatabase } from '#test/support/database';
import { Child } from './child.fixture.ts';
import { crashJob } from './crash-job.fixture.ts';
import { eventually } from './eventually.fixture.ts';
import { defineJob, handleJob } from './job.ts';
import { createMemoryLog } from './memory-log.fixture.ts';
import { createJobQueue, type OpenJobQueue } from './queue.ts';
import { hasRedisServer, startRedisServer } from './redis-server.fixture.ts';
import { openTcpProxy } from './tcp-proxy.fixture.ts';
import { createJobWorker } from './worker.ts';

const orgId = newId();
const job = defineJob({
  name: 'test.outage',
  schema: z.object({ orgId: z.string(), step: z.string() }),
  backoffMs: 20,
});
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A queue and a worker that notes what it did, after `pause`. */
async function open(databaseUrl: string, redisUrl: string | null, pause: (step: string) => Promise<void>) {
  const { log } = createMemoryLog();
  const done: string[] = [];
  const queue = await createJobQueue({ databaseUrl, redisUrl, log });
  ends.push(() => queue.close());
  const handlers = [
    handleJob(job, async ({ step }) => {
      await pause(step);
      done.push(step);
    }),
  ];
  const worker = await createJobWorker({ databaseUrl, redisUrl, log, handlers, orgRunner: runInOrg });
  ends.push(() => worker.close({ graceMs: 0 }));
  return { queue, done };
}

const enqueue = (queue: OpenJobQueue, step: string) => queue.enqueue(job, { orgId, step });

interface Line {
  databaseUrl: string;
  redisUrl: string | null;
  queue: OpenJobQueue;
  away(): Promise<void>;
}

/** A worker process, busy or idle, whose server goes away must still end when it is told to. */
async function expectToEnd(state: string, { databaseUrl, redisUrl, queue, away }: Line): Promise<void> {
  const [behaviour, word] = state === 'busy' ? (['hang', 'begun'] as const) : (['finish', 'finished'] as const);
  const child = new Child('core/job/worker.fixture.ts', [databaseUrl, redisUrl ?? '', behaviour]);
  ends.push(() => child.kill());
  await child.says('ready');
  await queue.enqueue(crashJob, { orgId });
  await child.says(word);
  await eventually(async () => (await queue.counts(crashJob)).active === (state === 'busy' ? 1 : 0));
  await away();
  child.terminate();
  expect(await child.ended()).toBe(0);
}

/** Adds work, as a caller does who tries again while the answer is UNAVAILABLE. */
async function enqueueOnceUp(queue: OpenJobQueue, step: string): Promise<void> {
  for (;;) {
    try {
      return await enqueue(queue, step);
    } catch (error) {
      expect(error).toMatchObject({ code: 'UNAVAILABLE' });
      await sleep(50);
    }
  }
}

const UNAVAILABLE = { code: 'UNAVAILABLE', message: expect.stringMatching(/^The job queue cannot be reached/) };

describe.runIf(hasRedisServer())('when Redis', () => {
  const openOnRedis = async (pause = async (_step: string) => {}) => {
    const redis = await startRedisServer();
    ends.push(() => redis.stop());
    return { redis, ...(await open('postgres://nowhere.invalid/none', redis.url, pause)) };
  };

  test('is killed and comes back empty, callers are told and work goes on by itself', async () => {
    const { redis, queue, done } = await openOnRedis();
    await enqueue(queue, 'before');
    await eventually(() => done.length === 1);
    await redis.kill();
    await expect(enqueue(queue, 'lost')).rejects.toMatchObject(UNAVAILABLE);
    await expect(queue.ping()).rejects.toMatchObject(UNAVAILABLE);
    await redis.start();
    await enqueueOnceUp(queue, 'after');
    await eventually(() => done.includes('after'));
    expect(done).toEqual(['before', 'after']);
  });

  test('dies under a running job, that job ends and the next ones begin', async () => {
    let end = () => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    let begun = false;
    const { redis, queue, done } = await openOnRedis(async (step) => {
      if (step !== 'long') return;
      begun = true;
      await ended;
    });
    await enqueue(queue, 'long');
    await eventually(() => begun);
    await redis.kill();
    end();
    await eventually(() => done.length === 1);
    await redis.start();
    await enqueueOnceUp(queue, 'after');
    await eventually(() => done.includes('after'));
    expect(done).toEqual(['long', 'after']);
  });

  test('is flushed, work goes on', async () => {
    const { redis, queue, done } = await openOnRedis();
    await enqueue(queue, 'before');
    await eventually(() => done.length === 1);
    await redis.flush();
    for (const step of ['a', 'b', 'c']) await enqueue(queue, step);
    await eventually(() => done.length === 4);
    expect(done).toEqual(['before', 'a', 'b', 'c']);
  });

  test('is paused, callers are told soon, and work goes on when it wakes', async () => {
    const { redis, queue, done } = await openOnRedis();
    await enqueue(queue, 'before');
    await eventually(() => done.length === 1);
    redis.pause();
    await expect(enqueue(queue, 'unsure')).rejects.toMatchObject(UNAVAILABLE);
    redis.resume();
    await enqueueOnceUp(queue, 'after');
    await eventually(() => done.includes('after'));
  });

  test.each(['busy', 'idle'])('is away, a worker that is %s can be closed', async (state) => {
    const { redis, queue } = await openOnRedis();
    await expectToEnd(state, { databaseUrl: '', redisUrl: redis.url, queue, away: () => redis.kill() });
  });

  test('cannot be reached at the start, the start fails', async () => {
    const { log } = createMemoryLog();
    const nowhere = { databaseUrl: 'postgres://nowhere.invalid/none', redisUrl: 'redis://127.0.0.1:1', log };
    await expect(createJobQueue(nowhere)).rejects.toThrow();
    await expect(createJobWorker({ ...nowhere, handlers: [], orgRunner: runInOrg })).rejects.toThrow();
  });
});

describe('when PostgreSQL', () => {
  const openOnPostgres = async (pause = async (_step: string) => {}) => {
    const database = await createTestDatabase(inject('adminUrl'));
    ends.push(() => database.drop());
    const line = await openTcpProxy(database.url);
    ends.push(() => line.close());
    return { database, line, ...(await open(line.url, null, pause)) };
  };

  test('is away and comes back, callers are told and work goes on by itself', async () => {
    const { line, queue, done } = await openOnPostgres();
    await enqueue(queue, 'before');
    await eventually(() => done.length === 1);
    await line.cut();
    await expect(enqueue(queue, 'lost')).rejects.toMatchObject(UNAVAILABLE);
    await expect(queue.ping()).rejects.toMatchObject(UNAVAILABLE);
    await sleep(300);
    await line.mend();
    await enqueueOnceUp(queue, 'after');
    await eventually(() => done.includes('after'));
    expect(done).toEqual(['before', 'after']);
  });

  test('is away when a job ends, the job is not run again', async () => {
    let end = () => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    let begun = 0;
    const { line, queue, done } = await openOnPostgres(async () => {
      begun += 1;
      await ended;
    });
    await enqueue(queue, 'long');
    await eventually(() => begun === 1);
    await line.cut();
    end();
    await eventually(() => done.length === 1);
    await line.mend();
    await eventually(async () => (await queue.counts(job).catch(() => ({ active: 1 }))).active === 0);
    expect(await queue.counts(job)).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 });
    expect(begun).toBe(1);
  });

  test('hangs, callers are told soon, and work goes on when it answers again', async () => {
    const { line, queue, done } = await openOnPostgres();
    await enqueue(queue, 'before');
    await eventually(() => done.length === 1);
    line.stall();
    await expect(enqueue(queue, 'unsure')).rejects.toMatchObject(UNAVAILABLE);
    await line.mend();
    await enqueueOnceUp(queue, 'after');
    await eventually(() => done.includes('after'));
  });

  test.each(['busy', 'idle'])('is away, a worker that is %s can be closed', async (state) => {
    const { line, queue } = await openOnPostgres();
    await expectToEnd(state, { databaseUrl: line.url, redisUrl: null, queue, away: () => line.cut() });
  });

  test('ends every connection, as a restart does, work goes on', async () => {
    const { database, queue, done } = await openOnPostgres();
    await enqueue(queue, 'before');
    await eventually(() => done.length === 1);
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    await admin.end();
    await enqueueOnceUp(queue, 'after');
    await eventually(() => done.includes('after'));
    expect(done).toEqual(['before', 'after']);
  });
});
