import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { Outside } from '#core/outbound/outside.fixture';
import { atFileEnd } from '#test/support/file-end';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

let test: TestServer;
let outside: Outside;
let owner: Person;
let answer: (response: ServerResponse) => void = (response) => response.end();

beforeAll(async () => {
  outside = await Outside.start((_request, response) => answer(response));
  atFileEnd(() => outside.stop());
  test = await startTestServer({ OUTBOUND_ALLOW: '127.0.0.1' });
  owner = await test.seed.owner();
}, 120_000);

interface Schedule {
  id: string;
  state: string;
  skippedCount: number;
  lastError: string | null;
  nextRuns: string[];
}

const FIELDS = 'id state timing skippedCount lastRunAt lastError nextRuns(count: 4)';
const CREATE = `mutation ($input: CreateScheduleInput!) { createSchedule(input: $input) { schedule { ${FIELDS} } } }`;
const work = () => ({ kind: 'CALL_WEBHOOK', input: { url: `http://127.0.0.1:${outside.port}/${newId()}` } });
const create = async (input: object): Promise<Schedule> => {
  const { createSchedule } = await owner.client.request<{ createSchedule: { schedule: Schedule } }>(CREATE, {
    input: { name: 'A schedule', ...work(), ...input },
  });
  return createSchedule.schedule;
};
const read = async (id: string): Promise<Schedule> =>
  (
    await owner.client.request<{ taskSchedule: Schedule }>(`query ($id: ID!) { taskSchedule(id: $id) { ${FIELDS} } }`, {
      id,
    })
  ).taskSchedule;
const change = async (field: string, scheduleId: string): Promise<Schedule> =>
  (
    await owner.client.request<Record<string, { schedule: Schedule }>>(
      `mutation ($input: ScheduleInput!) { ${field}(input: $input) { schedule { ${FIELDS} } } }`,
      { input: { scheduleId } },
    )
  )[field]?.schedule as Schedule;
const tasksOf = async (scheduleId: string): Promise<{ id: string; state: string; createdAt: string }[]> => {
  const { tasks } = await owner.client.request<{
    tasks: { nodes: { id: string; state: string; createdAt: string }[] };
  }>('query ($id: ID!) { tasks(filter: {scheduleId: $id}, first: 50) { nodes { id state createdAt } } }', {
    id: scheduleId,
  });
  return tasks.nodes.reverse();
};
const statesOf = async (id: string) => (await tasksOf(id)).map(({ state }) => state);
/** Has nobody been there for so long. */
const missFor = (id: string, interval: string) =>
  test.pool().query('update task_schedules set next_run_at = next_run_at - $2::interval where id = $1', [id, interval]);

const HOUR_MS = 3_600_000;
/** Every hour, the next time being an hour ahead. */
const hourly = (more: object = {}) =>
  create({ everyMs: HOUR_MS, startsAt: new Date(Date.now() - 10 * HOUR_MS + 60_000 * 30).toISOString(), ...more });

describe('a schedule', { timeout: 60_000 }, () => {
  it('shows its next times by the clocks of its time zone', async () => {
    const berlin = await create({ cron: '30 2 * * *', timeZone: 'Europe/Berlin', startsAt: '2099-03-28T12:00:00Z' });
    expect(berlin.nextRuns).toEqual([
      '2099-03-29T01:00:00.000Z',
      '2099-03-30T00:30:00.000Z',
      '2099-03-31T00:30:00.000Z',
      '2099-04-01T00:30:00.000Z',
    ]);
    const paused = await change('pauseSchedule', berlin.id);
    expect(paused).toMatchObject({ state: 'PAUSED', nextRuns: [] });
    expect(await change('resumeSchedule', berlin.id)).toMatchObject({ state: 'ACTIVE', nextRuns: berlin.nextRuns });
    const remove = 'mutation ($input: ScheduleInput!) { deleteSchedule(input: $input) { deletedScheduleId } }';
    await owner.client.request(remove, { input: { scheduleId: berlin.id } });
    const gone = await owner.client.refusal('query ($id: ID!) { taskSchedule(id: $id) { id } }', { id: berlin.id });
    expect(gone.extensions.code).toBe('NOT_FOUND');
  });

  it('makes one task of each of its times', async () => {
    const { id } = await create({ everyMs: 1_000, overlap: 'ALLOW' });
    await expect.poll(() => statesOf(id), { timeout: 20_000 }).toHaveLength(3);
    await change('pauseSchedule', id);
    const made = await tasksOf(id);
    await sleep(1_500);
    expect(await tasksOf(id)).toHaveLength(made.length);
    const { rows } = await test
      .pool()
      .query<{ at: Date }>('select scheduled_for as at from tasks where schedule_id = $1 order by scheduled_for', [id]);
    const gaps = rows.slice(1).map(({ at }, index) => at.getTime() - (rows[index]?.at.getTime() ?? 0));
    expect(new Set(gaps)).toEqual(new Set([1_000]));
  });

  it('ends with its only time', async () => {
    const { id } = await create({ at: new Date(Date.now() + 1_000).toISOString() });
    await expect.poll(() => statesOf(id), { timeout: 20_000 }).toEqual(['SUCCEEDED']);
    expect(await read(id)).toMatchObject({ state: 'ENDED', nextRuns: [] });
  });

  it.each([
    ['SKIP', 0, 5],
    ['RUN_ONCE', 1, 4],
    ['RUN_ALL', 5, 0],
  ])('that was missed does with its times as it says: %s', async (missedRuns, tasks, skippedCount) => {
    const { id, nextRuns } = await hourly({ missedRuns, overlap: 'ALLOW' });
    await missFor(id, '5 hours');
    await expect.poll(async () => (await read(id)).skippedCount, { timeout: 20_000 }).toBe(skippedCount);
    await expect.poll(() => statesOf(id), { timeout: 20_000 }).toHaveLength(tasks);
    expect((await read(id)).nextRuns).toEqual(nextRuns);
  });

  it.each([
    ['ALLOW', ['RUNNING', 'RUNNING'], 0],
    ['SKIP', ['RUNNING'], 1],
    ['QUEUE', ['RUNNING', 'QUEUED'], 0],
    ['CANCEL_PREVIOUS', ['CANCELLED', 'RUNNING'], 0],
  ])('whose task is not over does with its next time as it says: %s', async (overlap, states, skippedCount) => {
    const open: ServerResponse[] = [];
    answer = (response) => void open.push(response);
    const { id } = await hourly({ overlap, missedRuns: 'RUN_ALL' });
    await missFor(id, '1 hour');
    await expect.poll(() => statesOf(id), { timeout: 20_000 }).toEqual(['RUNNING']);
    await missFor(id, '1 hour');
    await test
      .pool()
      .query("update tasks set scheduled_for = scheduled_for - interval '1 hour' where schedule_id = $1", [id]);
    await expect
      .poll(async () => [await statesOf(id), (await read(id)).skippedCount], { timeout: 20_000 })
      .toEqual([states, skippedCount]);
    answer = (response) => response.end();
    for (const response of open) response.end();
    const over = states.map((state) => (state === 'CANCELLED' ? state : 'SUCCEEDED'));
    await expect.poll(() => statesOf(id), { timeout: 20_000 }).toEqual(over);
    await change('pauseSchedule', id);
  });

  it('is refused where its times cannot be read', async () => {
    const refusalOf = async (input: object) =>
      (await owner.client.refusal(CREATE, { input: { name: 'x', ...work(), ...input } })).extensions.fields?.map(
        ({ path }) => path,
      );
    expect(await refusalOf({ cron: '61 * * * *' })).toEqual(['input.cron']);
    expect(await refusalOf({ cron: '0 0 30 2 *' })).toEqual(['input.cron']);
    expect(await refusalOf({ cron: '0 0 * * *', timeZone: 'Mars/Olympus' })).toEqual(['input.timeZone']);
    expect(await refusalOf({ everyMs: 10 })).toEqual(['input.everyMs']);
    expect(await refusalOf({ everyMs: 1_000, cron: '* * * * *' })).toEqual(['input']);
    expect(await refusalOf({ at: '2020-01-01T00:00:00Z' })).toEqual(['input.at']);
    expect(await refusalOf({ everyMs: 1_000, kind: 'NOTHING' })).toEqual(['input.kind']);
  });
});
