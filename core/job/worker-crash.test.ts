import { afterEach, describe, expect, inject, test } from 'vitest';
import { newId } from '#core/id';
import { createLog } from '#core/log';
import { createTestDatabase } from '#test/support/database';
import { Child } from './child.fixture.ts';
import { crashJob } from './crash-job.fixture.ts';
import { eventually } from './eventually.fixture.ts';
import { createJobQueue } from './queue.ts';
import { hasRedisServer, startRedisServer } from './redis-server.fixture.ts';

const log = createLog({ level: 'silent', pretty: false });
const backends = ['postgres', ...(hasRedisServer() ? ['redis'] : [])];
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function place(backend: string) {
  const database = await createTestDatabase(inject('adminUrl'));
  ends.push(() => database.drop());
  const redis = backend === 'redis' ? await startRedisServer() : undefined;
  ends.push(async () => redis?.stop());
  const queue = await createJobQueue({ databaseUrl: database.url, redisUrl: redis?.url ?? null, log });
  ends.push(() => queue.close());
  const startWorker = (behaviour: 'hang' | 'finish', { lockMs = 1_000, alone = '' } = {}) => {
    const args = [database.url, redis?.url ?? '', behaviour, String(lockMs), alone];
    const child = new Child('core/job/worker.fixture.ts', args);
    ends.push(() => child.kill());
    return child;
  };
  return { queue, startWorker };
}

/** What it told of attempts. When it was ready is no matter: the first may begin before. */
const attemptsOf = ({ lines }: Child) => lines.filter((line) => line !== 'ready');

const IDLE = { waiting: 0, active: 0, delayed: 0, failed: 0 };

describe.each(backends)('a job on %s whose worker is killed', (backend) => {
  test('five times completes, and none of the deaths counts as an attempt', { timeout: 120_000 }, async () => {
    const { queue, startWorker } = await place(backend);
    await queue.enqueue(crashJob, { orgId: newId() }, { id: 'the-one' });
    for (let deaths = 0; deaths < 5; deaths++) {
      const worker = startWorker('hang');
      expect(await worker.says('begun')).toBe('begun 1');
      await worker.kill();
    }
    const survivor = startWorker('finish');
    await survivor.says('finished');
    expect(attemptsOf(survivor)).toEqual(['begun 1', 'finished']);
    await eventually(async () => (await queue.counts(crashJob)).active === 0);
    expect(await queue.counts(crashJob)).toEqual(IDLE);
  });

  test('does not stand in the way of the same work added again', async () => {
    const { queue, startWorker } = await place(backend);
    await queue.enqueue(crashJob, { orgId: newId() }, { id: 'run:1' });
    const worker = startWorker('hang');
    await worker.says('begun');
    await worker.kill();
    await queue.enqueue(crashJob, { orgId: newId() }, { id: 'run:1' });
    await queue.enqueue(crashJob, { orgId: newId() }, { id: 'run:1' });
    expect(await queue.counts(crashJob)).toMatchObject({ waiting: 1, active: 1 });
    const survivor = startWorker('finish');
    await eventually(() => survivor.lines.filter((line) => line === 'finished').length === 2);
  });

  test('is taken up by a process that knows that it is the only one before its lock runs out', async () => {
    const { queue, startWorker } = await place(backend);
    await queue.enqueue(crashJob, { orgId: newId() });
    // Its lock outlasts this test by far.
    const lockMs = 600_000;
    const worker = startWorker('hang', { lockMs });
    await worker.says('begun');
    await worker.kill();
    const survivor = startWorker('finish', { lockMs, alone: 'alone' });
    await survivor.says('finished');
    await eventually(async () => (await queue.counts(crashJob)).active === 0);
    expect(attemptsOf(survivor)).toEqual(['begun 1', 'finished']);
  });
});
