import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { Outside } from '#core/outbound/outside.fixture';
import { atFileEnd } from '#test/support/file-end';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { AT_ONCE, createTask, readTask, taskEnd, taskWhen } from './tasks.fixture.ts';

let test: TestServer;
let outside: Outside;
let owner: Person;
let answer: (response: ServerResponse, path: string) => void;

beforeAll(async () => {
  outside = await Outside.start((request, response) => answer(response, request.url ?? ''));
  atFileEnd(() => outside.stop());
  test = await startTestServer({ OUTBOUND_ALLOW: '127.0.0.1' });
  owner = await test.seed.owner();
}, 120_000);

beforeEach(() => {
  answer = (response, path) => response.writeHead(200, { 'content-type': 'text/plain' }).end(`seen ${path}`);
});

const urlOf = (path: string) => `http://127.0.0.1:${outside.port}/${path}`;
const callsOf = (prefix: string) =>
  outside.requests.flatMap(({ url }) => (url.startsWith(`/${prefix}`) ? url.slice(prefix.length + 2) : []));
const webhook = (path: string, more: object = {}) => ({
  kind: 'CALL_WEBHOOK',
  input: { url: urlOf(path), method: 'GET' },
  policy: { backoff: AT_ONCE, attempts: 2 },
  ...more,
});
const change = (field: string, input: object, selection = 'queue { name }', type = 'QueueInput') =>
  owner.client.request(`mutation ($input: ${type}!) { ${field}(input: $input) { ${selection} } }`, { input });
const update = (input: object) => change('updateQueue', input, undefined, 'UpdateQueueInput');

interface Stats {
  ready: number;
  delayed: number;
  running: number;
  dead: number;
  finished: number;
  failed: number;
  runMs: { p50: number | null; p95: number | null };
}
const STATS = 'ready delayed running dead finished failed oldestWaitMs waitMs { p50 p95 } runMs { p50 p95 }';
const statsOf = async (queue: string): Promise<Stats> => {
  const query = `query ($queue: String) { queueStats(queue: $queue) { ${STATS} } }`;
  return (await owner.client.request<{ queueStats: Stats }>(query, { queue })).queueStats;
};

describe('a queue', { timeout: 60_000 }, () => {
  it('begins nothing while it is paused, and what is of the highest priority first', async () => {
    const queue = newId();
    await change('pauseQueue', { queue });
    await update({ queue, maxConcurrent: 1 });
    const made = [];
    for (const priority of [0, 5, -5, 9, 5]) {
      made.push(await createTask(owner.client, webhook(`${queue}/${priority}-${made.length}`, { queue, priority })));
    }
    await sleep(2_500);
    expect(callsOf(queue)).toEqual([]);
    expect(await statsOf(queue)).toMatchObject({ ready: 5, running: 0 });
    await change('resumeQueue', { queue });
    for (const { id } of made) await taskEnd(owner.client, id);
    expect(callsOf(queue)).toEqual(['9-3', '5-1', '5-4', '0-0', '-5-2']);
    const stats = await statsOf(queue);
    expect(stats).toMatchObject({ ready: 0, finished: 5, failed: 0 });
    expect(stats.runMs.p50).toBeLessThanOrEqual(stats.runMs.p95 ?? -1);
  });

  it('has no more under way at once than it may, nor two of one key in whichever queue', async () => {
    const [queue, other, concurrencyKey] = [newId(), newId(), newId()];
    await update({ queue, maxConcurrent: 2 });
    const now = new Map<string, number>();
    const most = new Map<string, number>();
    answer = (response, path) => {
      const group = path.split('/')[2] ?? '';
      now.set(group, (now.get(group) ?? 0) + 1);
      most.set(group, Math.max(most.get(group) ?? 0, now.get(group) ?? 0));
      setTimeout(() => {
        now.set(group, (now.get(group) ?? 0) - 1);
        response.end();
      }, 100);
    };
    const made = await Promise.all([
      ...Array.from({ length: 6 }, (_, n) => createTask(owner.client, webhook(`${queue}/limited/${n}`, { queue }))),
      ...Array.from({ length: 4 }, (_, n) =>
        createTask(owner.client, webhook(`${other}/keyed/${n}`, { queue: n % 2 ? other : newId(), concurrencyKey })),
      ),
    ]);
    for (const { id } of made) expect(await taskEnd(owner.client, id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(most.get('keyed')).toBe(1);
    expect(most.get('limited')).toBeLessThanOrEqual(2);
  });

  it('keeps to its rate', async () => {
    const queue = newId();
    await update({ queue, maxPerMinute: 120 });
    const times: number[] = [];
    answer = (response) => {
      times.push(Date.now());
      response.end();
    };
    const made = await Promise.all(
      Array.from({ length: 4 }, (_, n) => createTask(owner.client, webhook(`${queue}/${n}`, { queue }))),
    );
    for (const { id } of made) await taskEnd(owner.client, id);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_400);
  });

  it('takes nothing new while it is drained, and does what is in it', async () => {
    const queue = newId();
    const before = await createTask(owner.client, webhook(`${queue}/before`, { queue }));
    await change('drainQueue', { queue });
    const create = 'mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } } }';
    const refusal = await owner.client.refusal(create, { input: webhook(`${queue}/late`, { queue }) });
    expect(refusal.extensions.code).toBe('CONFLICT');
    expect(await taskEnd(owner.client, before.id)).toMatchObject({ state: 'SUCCEEDED' });
    await change('resumeQueue', { queue });
    await taskEnd(owner.client, (await createTask(owner.client, webhook(`${queue}/again`, { queue }))).id);
  });

  it('tells how it stands, now and whenever that changes', async () => {
    const queue = newId();
    const seen: Stats[] = [];
    const socket = owner.client.socket();
    const query = `subscription ($queue: String) { queueStats(queue: $queue) { ${STATS} } }`;
    socket.subscribe<{ queueStats: Stats }>(
      { query, variables: { queue } },
      { next: ({ data }) => data && seen.push(data.queueStats), error: () => {}, complete: () => {} },
    );
    await expect.poll(() => seen.length).toBe(1);
    answer = (response) => response.writeHead(404).end();
    await createTask(owner.client, webhook(`${queue}/x`, { queue }));
    await expect.poll(() => seen.at(-1)?.dead, { timeout: 10_000 }).toBe(1);
    expect(seen[0]).toMatchObject({ ready: 0, dead: 0, finished: 0 });
    expect(seen.at(-1)).toMatchObject({ finished: 1, failed: 1 });
    await socket.dispose();
    const { taskQueues } = await owner.client.request<{ taskQueues: { name: string; stats: Stats }[] }>(
      `{ taskQueues { name pausedAt stats { ${STATS} } } }`,
    );
    expect(taskQueues.find(({ name }) => name === queue)?.stats).toMatchObject({ dead: 1 });
  });

  it('shows what was done of each kind over time, and by whom', async () => {
    const { taskThroughput, taskWorkers } = await owner.client.request<{
      taskThroughput: { kind: string; succeeded: number; failed: number; failureRate: number }[];
      taskWorkers: { stalled: boolean; running: number }[];
    }>(
      `{ taskThroughput(filter: {bucketMinutes: 1440}) { kind from until succeeded failed failureRate runMs { p50 p95 } }
         taskWorkers { id name stalled running } }`,
    );
    const done = taskThroughput.filter(({ kind }) => kind === 'CALL_WEBHOOK');
    expect(done.reduce((sum, { succeeded }) => sum + succeeded, 0)).toBeGreaterThan(10);
    for (const { succeeded, failed, failureRate } of done)
      expect(failureRate).toBeCloseTo(failed / (succeeded + failed));
    expect(taskWorkers).toMatchObject([{ stalled: false, running: 0 }]);
  });
});

describe('a batch', { timeout: 60_000 }, () => {
  const batch = (prefix: string, count: number, more: object = {}) => ({
    kind: 'BATCH',
    input: {
      kind: 'CALL_WEBHOOK',
      inputs: Array.from({ length: count }, (_, n) => ({ url: urlOf(`${prefix}/${n}`), method: 'GET' })),
      ...more,
    },
    policy: { backoff: AT_ONCE, attempts: 2 },
  });

  it('does the same with many inputs, so many at once, and joins what came of it in order', async () => {
    const prefix = newId();
    let now = 0;
    let most = 0;
    answer = (response, path) => {
      now += 1;
      most = Math.max(most, now);
      setTimeout(() => {
        now -= 1;
        response.end(path.slice(prefix.length + 2));
      }, 50);
    };
    const { id, jobs } = await createTask(owner.client, batch(prefix, 8, { maxParallel: 3 }));
    expect(jobs.totalCount).toBe(8);
    const done = await taskEnd(owner.client, id);
    expect(done).toMatchObject({ state: 'SUCCEEDED' });
    expect((done.output as { body: string }[]).map(({ body }) => body)).toEqual([...'01234567']);
    expect(most).toBeLessThanOrEqual(3);
    expect(callsOf(prefix).sort()).toEqual([...'01234567']);
  });

  it('keeps what succeeded where some fail; those alone are done again', async () => {
    const prefix = newId();
    answer = (response, path) => response.writeHead(path.endsWith('/1') ? 404 : 200).end('ok');
    const { id } = await createTask(owner.client, batch(prefix, 3));
    const partial = await taskEnd(owner.client, id);
    expect(partial).toMatchObject({ state: 'PARTIAL', error: { code: 'PARTIAL' } });
    expect(partial.output).toMatchObject([{ status: 200 }, null, { status: 200 }]);
    answer = (response) => response.end('now');
    await owner.client.request(
      'mutation ($input: ReplayDeadLettersInput!) { replayDeadLetters(input: $input) { replayedCount } }',
      { input: { filter: { taskIds: [id] } } },
    );
    const whole = await taskEnd(owner.client, id);
    expect(whole).toMatchObject({ state: 'SUCCEEDED', error: null });
    expect(whole.output).toMatchObject([{ status: 200 }, { status: 200, body: 'now' }, { status: 200 }]);
    expect(callsOf(prefix).sort()).toEqual(['0', '1', '1', '2']);
  });

  it('names the input that is wrong', async () => {
    const create = 'mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } } }';
    const inputs = [{ url: urlOf('x') }, { url: 'ftp://example.com' }];
    const refusal = await owner.client.refusal(create, {
      input: { kind: 'BATCH', input: { kind: 'CALL_WEBHOOK', inputs } },
    });
    expect(refusal.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path: 'input.input.inputs.1.url' }],
    });
    const nested = { kind: 'BATCH', input: { kind: 'BATCH', inputs: [{}] } };
    expect((await owner.client.refusal(create, { input: nested })).extensions.code).toBe('BAD_USER_INPUT');
  });
});

describe('a chain', { timeout: 60_000 }, () => {
  it('does one step after the other, each with what earlier ones have put out', async () => {
    const prefix = newId();
    const agent = await test.seed.agent(owner);
    answer = (response, path) => response.end(path.endsWith('one') ? 'alpha' : 'omega');
    const { id } = await createTask(owner.client, {
      kind: 'CHAIN',
      input: {
        steps: [
          { kind: 'CALL_WEBHOOK', input: { url: urlOf(`${prefix}/one`), method: 'GET' } },
          { kind: 'RUN_AGENT', input: { agentId: agent.id, text: 'Say {{previous.body}}' } },
          {
            kind: 'CALL_WEBHOOK',
            input: {
              url: urlOf(`${prefix}/{{steps.0.body}}`),
              body: { said: '{{previous.text}}', all: '{{steps.0}}' },
            },
          },
        ],
      },
    });
    const done = await taskEnd(owner.client, id);
    expect(done).toMatchObject({ state: 'SUCCEEDED', output: { body: 'omega' } });
    const [, said] = done.jobs.nodes;
    expect(said).toMatchObject({ input: { text: 'Say alpha' }, state: 'SUCCEEDED' });
    const last = outside.requests.find(({ url }) => url === `/${prefix}/alpha`);
    const text = (said?.output as { text: string } | undefined)?.text;
    expect(JSON.parse(last?.body ?? '')).toEqual({ said: text, all: { status: 200, body: 'alpha' } });
  });

  it('stops at a step that fails, keeps the earlier ones, and goes on from there when that is replayed', async () => {
    const prefix = newId();
    answer = (response, path) => response.writeHead(path.endsWith('two') ? 500 : 200).end('x');
    const steps = ['one', 'two', 'three'].map((name) => ({
      kind: 'CALL_WEBHOOK',
      input: { url: urlOf(`${prefix}/${name}`), method: 'GET' },
    }));
    const { id } = await createTask(owner.client, { kind: 'CHAIN', input: { steps }, policy: { attempts: 1 } });
    const failed = await taskEnd(owner.client, id);
    expect(failed).toMatchObject({ state: 'FAILED', error: { code: 'HTTP_500' } });
    expect(failed.jobs.nodes.map(({ state }) => state)).toEqual(['SUCCEEDED', 'DEAD', 'SKIPPED']);
    answer = (response) => response.end('y');
    await owner.client.request(
      'mutation ($input: ReplayDeadLettersInput!) { replayDeadLetters(input: $input) { replayedCount } }',
      { input: { jobIds: [failed.jobs.nodes[1]?.id] } },
    );
    expect(await taskEnd(owner.client, id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(callsOf(prefix)).toEqual(['one', 'two', 'two', 'three']);
  });

  it('is cancelled in the middle: what has not begun never does', async () => {
    const prefix = newId();
    answer = () => {};
    const steps = ['one', 'two'].map((name) => ({ kind: 'CALL_WEBHOOK', input: { url: urlOf(`${prefix}/${name}`) } }));
    const { id } = await createTask(owner.client, { kind: 'CHAIN', input: { steps } });
    await taskWhen(owner.client, id, ({ jobs }) => jobs.nodes[0]?.state === 'RUNNING');
    await owner.client.request('mutation ($input: CancelTaskInput!) { cancelTask(input: $input) { task { id } } }', {
      input: { taskId: id },
    });
    const cancelled = await taskEnd(owner.client, id);
    expect(cancelled.jobs.nodes.map(({ state }) => state)).toEqual(['CANCELLED', 'CANCELLED']);
    expect(callsOf(prefix)).toEqual(['one']);
  });
});

describe('the events of a task', { timeout: 60_000 }, () => {
  interface Event {
    __typename: string;
    cursor: string;
    task?: { state: string };
    job?: { state: string };
    execution?: { state: string };
    line?: { text: string };
  }
  const FOLLOW = `subscription ($id: ID!, $after: String) { taskEvents(taskId: $id, after: $after) {
    __typename cursor ... on TaskChanged { task { state createdAt } } ... on TaskJobChanged { job { state runAfter } }
    ... on TaskExecutionChanged { execution { state startedAt } } ... on TaskLogAdded { line { text at } } } }`;
  const follow = async (id: string, after: string | null, until: (event: Event) => boolean): Promise<Event[]> => {
    const socket = owner.client.socket();
    const events: Event[] = [];
    await new Promise<void>((resolve, reject) => {
      socket.subscribe<{ taskEvents: Event }>(
        { query: FOLLOW, variables: { id, after } },
        {
          next: ({ data, errors }) => {
            if (!data) return reject(new Error(JSON.stringify(errors)));
            events.push(data.taskEvents);
            if (until(data.taskEvents)) resolve();
          },
          error: (error) => reject(new Error(JSON.stringify(error))),
          complete: () => reject(new Error('The stream has ended.')),
        },
      );
    });
    await socket.dispose();
    return events;
  };
  const isEnd = ({ task }: Event) => task?.state === 'SUCCEEDED';

  it('tell all that happens, and are resumed at any of them without a hole', async () => {
    const task = await createTask(owner.client, webhook(newId()));
    const all = await follow(task.id, task.cursor, isEnd);
    const told = all.map(
      ({ task, job, execution, line }) => task?.state ?? job?.state ?? execution?.state ?? line?.text,
    );
    expect(told.join(' ')).toMatch(/RUNNING RUNNING RUNNING .*SUCCEEDED SUCCEEDED SUCCEEDED$/);
    expect(told).toContain('The server answered 200.');
    for (const [index, { cursor }] of all.slice(0, -1).entries()) {
      expect(await follow(task.id, cursor, isEnd)).toEqual(all.slice(index + 1));
    }
    expect((await readTask(owner.client, task.id)).cursor).toBe(all.at(-1)?.cursor);
  });
});
