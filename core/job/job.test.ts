import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { currentOrgId, runInOrg } from '#core/database/tenant';
import { newId } from '#core/id';
import { createTestDatabase, type TestDatabase } from '#test/support/database';
import { eventually } from './eventually.fixture.ts';
import { defineJob, handleJob, type JobContext, type JobHandler } from './job.ts';
import { createMemoryLog } from './memory-log.fixture.ts';
import { createJobQueue, type OpenJobQueue } from './queue.ts';
import { hasRedisServer, type RedisServer, startRedisServer } from './redis-server.fixture.ts';
import type { JobOutcome } from './running.ts';
import { createJobWorker, type JobWorker, type JobWorkerOptions } from './worker.ts';

const orgId = newId();
const backends = ['postgres', ...(hasRedisServer() ? ['redis'] : [])];

let nextName = 0;
/** A kind of job that no other test knows. */
const newJob = (settings: { attempts?: number; backoffMs?: number } = {}) =>
  defineJob({
    name: `test.kind-${nextName++}`,
    schema: z.object({ orgId: z.string(), step: z.string() }),
    backoffMs: 20,
    ...settings,
  });

describe.each(backends)('jobs on %s', (backend) => {
  const memory = createMemoryLog();
  let database: TestDatabase;
  let redis: RedisServer | undefined;
  let queue: OpenJobQueue;
  let outcomes: JobOutcome[] = [];
  const workers: JobWorker[] = [];

  const place = () => ({ databaseUrl: database.url, redisUrl: redis?.url ?? null, log: memory.log });
  const work = async (handlers: JobHandler[], settings: Partial<JobWorkerOptions> = {}) => {
    const onOutcome = (outcome: JobOutcome) => outcomes.push(outcome);
    const worker = await createJobWorker({ ...place(), handlers, orgRunner: runInOrg, onOutcome, ...settings });
    workers.push(worker);
    return worker;
  };
  const endings = () => outcomes.map(({ outcome }) => outcome);

  beforeAll(async () => {
    database = await createTestDatabase(inject('adminUrl'));
    redis = backend === 'redis' ? await startRedisServer() : undefined;
    queue = await createJobQueue(place());
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close({ graceMs: 0 })));
    outcomes = [];
  });
  afterAll(async () => {
    await queue?.close();
    await redis?.stop();
    await database?.drop();
  });

  test('run inside the organization of their payload and leave nothing behind', async () => {
    const job = newJob();
    const seen: unknown[] = [];
    await work([
      handleJob(job, async (payload, { attempt, signal }) => {
        seen.push({ ...payload, attempt, aborted: signal.aborted, org: currentOrgId() });
      }),
    ]);
    await queue.enqueue(job, { orgId, step: 'one' });
    await eventually(() => outcomes.length === 1);
    expect(seen).toEqual([{ orgId, step: 'one', attempt: 1, aborted: false, org: orgId }]);
    expect(outcomes[0]).toMatchObject({ job: job.name, outcome: 'completed', waitMs: expect.any(Number) });
    expect(await queue.counts(job)).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 });
  });

  test('wait for their delay', async () => {
    const job = newJob();
    const seen: string[] = [];
    await work([handleJob(job, async ({ step }) => void seen.push(step))]);
    await queue.enqueue(job, { orgId, step: 'later' }, { delayMs: 1_500 });
    await queue.enqueue(job, { orgId, step: 'now' });
    await eventually(() => seen.length === 2);
    expect(seen).toEqual(['now', 'later']);
  });

  test('are tried again when they throw, and count it', async () => {
    const job = newJob({ attempts: 5 });
    const attempts: number[] = [];
    await work([
      handleJob(job, async (_payload, { attempt }) => {
        attempts.push(attempt);
        if (attempt < 3) throw new Error('not yet');
      }),
    ]);
    await queue.enqueue(job, { orgId, step: 'one' });
    await eventually(() => outcomes.length === 3);
    expect(attempts).toEqual([1, 2, 3]);
    expect(endings()).toEqual(['retry', 'retry', 'completed']);
  });

  test('are given up after their attempts, kept and told of without secrets, and hold up no other', async () => {
    const poison = newJob({ attempts: 3 });
    const healthy = newJob();
    const seen: string[] = [];
    await work([
      handleJob(poison, async () => {
        throw new Error('no connection to postgres://parley:hunter2secret@db/parley with key=sk-abcdefgh12345678');
      }),
      handleJob(healthy, async ({ step }) => void seen.push(step)),
    ]);
    await queue.enqueue(poison, { orgId, step: 'poison' });
    for (const step of ['a', 'b', 'c']) await queue.enqueue(healthy, { orgId, step });
    await eventually(() => endings().includes('failed') && seen.length === 3);
    expect(await queue.counts(poison)).toMatchObject({ waiting: 0, delayed: 0, failed: 1 });
    const told = memory.lines.filter(({ msg, job }) => job === poison.name && String(msg).includes('given up'));
    expect(told).toEqual([expect.objectContaining({ level: 50, attempts: 3, jobId: expect.any(String) })]);
    expect(memory.text()).toContain('no connection to postgres://[secret]@db/parley');
    expect(memory.text()).not.toMatch(/hunter2secret|sk-abcdefgh/);
  });

  test('with a payload that does not fit are refused at once, on either side', async () => {
    const job = newJob();
    const lax = defineJob({ name: job.name, schema: z.object({ orgId: z.string(), step: z.unknown() }) });
    const seen: string[] = [];
    await work([handleJob(job, async ({ step }) => void seen.push(step))]);
    await expect(queue.enqueue(job, { orgId, step: 7 as unknown as string })).rejects.toThrow(
      'does not fit its schema',
    );
    await queue.enqueue(lax, { orgId, step: 7 });
    await queue.enqueue(job, { orgId, step: 'sound' });
    await eventually(() => outcomes.length === 2);
    expect(endings().sort()).toEqual(['completed', 'failed']);
    expect(seen).toEqual(['sound']);
    expect(await queue.counts(job)).toMatchObject({ failed: 1, delayed: 0 });
  });

  test('of one id wait only once, however often and in whatever order they are added', async () => {
    const ids = fc.array(fc.constantFrom('a', 'b:c', 'ä d', undefined), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(ids, async (added) => {
        const job = newJob();
        await Promise.all(added.map((id) => queue.enqueue(job, { orgId, step: 'x' }, id === undefined ? {} : { id })));
        const distinct = new Set(added.filter((id) => id !== undefined)).size;
        const anonymous = added.filter((id) => id === undefined).length;
        expect((await queue.counts(job)).waiting).toBe(distinct + anonymous);
      }),
      { numRuns: 8 },
    );
  });

  test('can be added again under their id once they run, have completed, or were given up', async () => {
    const job = newJob({ attempts: 1 });
    const seen: string[] = [];
    let finish = () => {};
    await work([
      handleJob(job, async ({ step }) => {
        seen.push(step);
        if (step === 'slow') await new Promise<void>((resolve) => (finish = resolve));
        if (step === 'bad') throw new Error('bad');
      }),
    ]);
    const id = 'run:1';
    const enqueue = (step: string) => queue.enqueue(job, { orgId, step }, { id });
    await enqueue('slow');
    await eventually(() => seen.length === 1);
    await enqueue('while running');
    await eventually(() => endings().length === 1);
    finish();
    await eventually(() => endings().length === 2);
    await enqueue('bad');
    await eventually(() => endings().length === 3);
    await enqueue('after a failure');
    await eventually(() => endings().length === 4);
    expect(seen).toEqual(['slow', 'while running', 'bad', 'after a failure']);
    expect(endings()).toEqual(['completed', 'completed', 'failed', 'completed']);
  });

  test('hear of a shutdown, may finish, and are otherwise taken up by the next worker as if never begun', async () => {
    const job = newJob();
    const finished: string[] = [];
    const started: string[] = [];
    const behave = async (step: string, signal: AbortSignal) => {
      started.push(step);
      const stopping = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      if (step === 'finishes') await stopping;
      if (step === 'is put down') {
        await stopping;
        throw signal.reason;
      }
      if (step === 'hangs') await new Promise(() => {});
      finished.push(step);
    };
    const first = await work([handleJob(job, ({ step }, { signal }) => behave(step, signal))]);
    for (const step of ['finishes', 'is put down', 'hangs']) await queue.enqueue(job, { orgId, step });
    await eventually(() => started.length === 3);
    await first.close({ graceMs: 300 });
    expect(finished).toEqual(['finishes']);
    expect(endings().sort()).toEqual(['completed', 'released', 'released']);
    expect(await queue.counts(job)).toMatchObject({ waiting: 2, active: 0, failed: 0 });

    const contexts: (JobContext & { step: string })[] = [];
    await work([handleJob(job, async ({ step }, context) => void contexts.push({ ...context, step }))]);
    await eventually(() => contexts.length === 2);
    expect(contexts.map(({ step }) => step).sort()).toEqual(['hangs', 'is put down']);
    expect(contexts.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });
});
