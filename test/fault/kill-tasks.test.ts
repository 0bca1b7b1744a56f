import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { Outside } from '#core/outbound/outside.fixture';
import type { TestClient } from '#test/support/client';
import { createTestDatabase, type TestDatabase } from '#test/support/database';
import { atFileEnd } from '#test/support/file-end';
import { createAgent } from '#test/support/room-call';
import { ServerProcess } from '#test/support/server-process';
import { openPool } from '#test/support/stream-audit';

/** As many as `TASKS=1000` says; fewer where the suite has to be quick. */
const TASKS = Number(process.env.TASKS ?? 300);
const RUNS = 20;
/** How long each of them takes: long enough to be in the middle of many with each kill. */
const WORK_MS = 1_500;
const AT_ONCE = 20;
const KILL_EVERY_MS = 3_000;

/** What tasks are done by while one of two servers that share a database is killed, again and again, and then paused. */
describe('tasks whose workers are killed', { timeout: 300_000 }, () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let outside: Outside;
  let steady: ServerProcess;
  let doomed: ServerProcess;
  let client: TestClient;

  beforeAll(async () => {
    outside = await Outside.start((_request, response) => void setTimeout(() => response.end('done'), WORK_MS));
    atFileEnd(() => outside.stop());
    database = await createTestDatabase(inject('adminUrl'));
    atFileEnd(() => database.drop());
    pool = openPool(database.url);
    atFileEnd(() => pool.end());
    const variables = {
      DATABASE_URL: database.url,
      PARLEY_SECRET: 'one secret that both of the servers share',
      OUTBOUND_ALLOW: '127.0.0.1',
    };
    steady = await ServerProcess.create(variables);
    atFileEnd(() => steady.remove());
    doomed = await ServerProcess.create(variables);
    atFileEnd(() => doomed.remove());
    client = await steady.owner();
    atFileEnd(() => client.close());
  }, 180_000);

  const create = async (inputs: object[]): Promise<string[]> => {
    const ids: string[] = [];
    for (let from = 0; from < inputs.length; from += AT_ONCE) {
      const some = inputs.slice(from, from + AT_ONCE);
      const fields = some.map((_, n) => `t${n}: createTask(input: $i${n}) { task { id } }`);
      const made = await client.request<Record<string, { task: { id: string } }>>(
        `mutation (${some.map((_, n) => `$i${n}: CreateTaskInput!`).join(', ')}) { ${fields.join(' ')} }`,
        Object.fromEntries(some.map((input, n) => [`i${n}`, input])),
      );
      ids.push(...Object.values(made).map(({ task }) => task.id));
    }
    return ids;
  };
  const countOf = async (where: string): Promise<number> =>
    Number((await pool.query<{ n: string }>(`select count(*) as n from tasks where ${where}`)).rows[0]?.n);

  it('are each done once, and come of each time of a schedule once', async () => {
    const agentId = await createAgent(client);
    const { createSchedule } = await client.request<{ createSchedule: { schedule: { id: string } } }>(
      'mutation ($input: CreateScheduleInput!) { createSchedule(input: $input) { schedule { id } } }',
      {
        input: {
          name: 'Every second',
          everyMs: 1_000,
          overlap: 'ALLOW',
          missedRuns: 'RUN_ALL',
          kind: 'CALL_WEBHOOK',
          input: { url: `http://127.0.0.1:${outside.port}/schedule` },
        },
      },
    );
    const url = (n: number) => `http://127.0.0.1:${outside.port}/${n}`;
    const ids = await create([
      ...Array.from({ length: TASKS }, (_, n) => ({ kind: 'CALL_WEBHOOK', input: { url: url(n) } })),
      ...Array.from({ length: RUNS }, () => ({ kind: 'RUN_AGENT', input: { agentId, text: 'count to 20' } })),
    ]);
    let kills = 0;
    while ((await countOf("state in ('QUEUED', 'RUNNING') and schedule_id is null")) > 0 && kills < 8) {
      await sleep(KILL_EVERY_MS);
      // The third time it is paused for longer than its claims last, and then goes on with what is not its own any more.
      if (kills === 2) {
        doomed.signal('SIGSTOP');
        await sleep(12_000);
        doomed.signal('SIGCONT');
      } else {
        await doomed.end('SIGKILL');
        await doomed.start();
      }
      kills += 1;
    }
    await expect
      .poll(() => countOf("state in ('QUEUED', 'RUNNING') and schedule_id is null"), { timeout: 120_000 })
      .toBe(0);
    const pause = 'mutation ($input: ScheduleInput!) { pauseSchedule(input: $input) { schedule { id } } }';
    await client.request(pause, { input: { scheduleId: createSchedule.schedule.id } });
    await expect.poll(() => countOf("state in ('QUEUED', 'RUNNING')"), { timeout: 60_000 }).toBe(0);

    const { rows: ended } = await pool.query<{ id: string; state: string; ends: string; done: string }>(`
      select t.id, t.state, (select count(*) from outbox_events o where o.type = 'task.finished'
                              and o.payload ->> 'taskId' = t.id::text) as ends,
             (select count(*) from task_executions e where e.task_id = t.id and e.state = 'SUCCEEDED') as done
      from tasks t`);
    const asked = new Set(ids);
    expect(ended.filter(({ id }) => asked.has(id))).toHaveLength(TASKS + RUNS);
    expect(ended.filter(({ state, ends, done }) => state !== 'SUCCEEDED' || ends !== '1' || done !== '1')).toEqual([]);
    const { rows: lost } = await pool.query("select id from task_executions where state = 'LOST'");
    expect(lost.length).toBeGreaterThan(10);
    const { rows: open } = await pool.query("select id from task_executions where state = 'RUNNING'");
    expect(open).toEqual([]);
    // Whatever a lost attempt had sent was sent again under the key of the same job, and nothing else was.
    const keys = new Map<string, Set<string>>();
    for (const { url, headers } of outside.requests) {
      if (url === '/schedule') continue;
      keys.set(url, (keys.get(url) ?? new Set()).add(String(headers['idempotency-key'])));
    }
    expect(keys.size).toBe(TASKS);
    expect([...keys.values()].filter(({ size }) => size !== 1)).toEqual([]);
    const { rows: runs } = await pool.query<{ state: string }>('select state from runs');
    expect(runs.map(({ state }) => state)).toEqual(Array.from({ length: RUNS }, () => 'SUCCEEDED'));
    const { rows: times } = await pool.query<{ at: Date }>(
      'select scheduled_for as at from tasks where schedule_id is not null order by 1',
    );
    const gaps = times.slice(1).map(({ at }, index) => at.getTime() - (times[index]?.at.getTime() ?? 0));
    expect(times.length).toBeGreaterThan(3);
    expect(new Set(gaps)).toEqual(new Set([1_000]));
  });

  it('are given to another worker as soon as theirs is seen to be gone, within 15 s', async () => {
    const workers = async () => {
      const query = '{ taskWorkers { id stalled running } }';
      const { taskWorkers } = await client.request<{ taskWorkers: { id: string; stalled: boolean }[] }>(query);
      return taskWorkers;
    };
    const healthy = async () => (await workers()).filter(({ stalled }) => !stalled).length;
    await expect.poll(healthy, { timeout: 30_000 }).toBe(2);
    const stalledBefore = (await workers()).length - 2;
    await doomed.end('SIGKILL');
    const seen = async () => (await workers()).filter(({ stalled }) => stalled).length;
    await expect.poll(seen, { timeout: 15_000 }).toBe(stalledBefore + 1);
  });
});
