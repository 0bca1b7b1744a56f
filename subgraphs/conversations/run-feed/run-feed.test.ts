import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { sendMessage } from '#test/support/room-call';
import { EVENT_FIELDS, isFinal, type RoomEvent, RoomReader } from '#test/support/room-reader';
import { ScriptedModel } from '#test/support/scripted-model';
import type { Person, SeededAgent } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

const RUNS = `query ($filter: RunFilter, $first: Int, $after: String, $last: Int, $before: String) {
  runs(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    nodes { id state } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

interface RunsAnswer {
  nodes: { id: string; state: string }[];
  totalCount: number;
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
}

const STEPS = `${EVENT_FIELDS}
  ... on StepStarted { step { id run { id } } } ... on StepFinished { step { id run { id } } }
  ... on ToolCallStarted { step { id name run { id } } } ... on ToolCallFinished { step { id name state run { id } } }`;

/** Follows a run to its end. */
async function follow(person: Person, runId: string | undefined, after: string | null = null): Promise<RoomEvent[]> {
  const events: RoomEvent[] = [];
  const subscription = person.client.socket().iterate<{ runEvents: RoomEvent }>({
    query: `subscription ($id: ID!, $after: String) { runEvents(runId: $id, after: $after) { ${STEPS} } }`,
    variables: { id: runId, after },
  });
  for await (const { data, errors } of subscription) {
    if (errors) throw errors;
    if (data) events.push(data.runEvents);
  }
  return events;
}

describe('runs looked at for themselves', { timeout: 60_000 }, () => {
  let test: TestServer;
  let model: ScriptedModel;
  let olga: Person;
  let max: Person;
  let ada: SeededAgent;
  let bob: SeededAgent;

  const runs = async (person: Person, variables: Record<string, unknown> = {}) =>
    (await person.client.request<{ runs: RunsAnswer }>(RUNS, variables)).runs;

  beforeAll(async () => {
    model = await ScriptedModel.start();
    test = await startTestServer(model.variables);
    olga = await test.seed.owner('Olga');
    max = await test.seed.member(olga, 'MEMBER', 'Max');
    const tools = [{ name: 'current_time' }];
    ada = await test.seed.agent(olga, { name: 'Ada', model: model.modelId, tools });
    bob = await test.seed.agent(olga, { name: 'Bob', model: 'offline/parley' });
  }, 120_000);

  afterAll(() => model?.stop());

  it('are followed alone, with steps, tools and text, and end by themselves', async () => {
    const room = await test.seed.room(olga, { agents: [ada], people: [max] });
    const reader = new RoomReader(olga.client, room.id, room.cursor, STEPS);
    const held = model.held('It is');
    model.next(model.callTools(['current_time', {}]), held.play, model.answer('Nothing else.'));
    const first = await sendMessage(olga.client, room.id, 'What time is it?');
    const followed = follow(max, first.run?.id);
    const second = await sendMessage(olga.client, room.id, 'And else?');
    await reader.until(({ text }) => text === 'It is');
    held.finish(' late.');
    await reader.until((event) => isFinal(event) && event.run?.id === second.run?.id);
    const seen = await followed;
    const whole = reader.events.filter((event) => JSON.stringify(event).includes(first.run?.id ?? ''));
    const cursors = (events: RoomEvent[]) => events.map(({ cursor }) => cursor);
    // What it wrote is told of without its run.
    const own = [...whole, ...reader.events.filter(({ message }) => message?.text === 'It is late.')];
    const replyId = own.at(-1)?.message?.id;
    const expected = reader.events.filter((event) => whole.includes(event) || event.message?.id === replyId);
    expect(cursors(seen)).toEqual(cursors(expected));
    expect(new Set(seen.map(({ __typename }) => __typename))).toEqual(
      new Set([
        'RunStateChanged',
        'MessageAdded',
        'MessageDelta',
        'MessageCompleted',
        'StepStarted',
        'StepFinished',
        'ToolCallStarted',
        'ToolCallFinished',
      ]),
    );
    expect(seen.at(-1)).toMatchObject({ __typename: 'RunStateChanged', run: { state: 'SUCCEEDED' } });
    await reader.close();

    // Once more, and from each of its places, now that it is over and the room has gone on.
    expect(cursors(await follow(olga, first.run?.id))).toEqual(cursors(seen));
    expect(cursors(await follow(olga, first.run?.id, seen[4]?.cursor))).toEqual(cursors(seen.slice(5)));
    expect(await follow(olga, first.run?.id, seen.at(-1)?.cursor)).toEqual([]);
    expect(await follow(olga, first.run?.id, reader.events.at(-1)?.cursor)).toEqual([]);
  });

  it('that were retried are followed through to the last end', async () => {
    const room = await test.seed.room(olga, { agents: [ada] });
    const reader = new RoomReader(olga.client, room.id, room.cursor);
    model.next(model.fail());
    const { run } = await sendMessage(olga.client, room.id, 'Hello');
    await reader.until(({ run: seen }) => seen?.state === 'FAILED');
    const failed = await follow(olga, run?.id);
    const held = model.held('Now');
    model.next(held.play);
    await olga.client.request('mutation ($id: ID!) { retryRun(input: {runId: $id}) { run { id } } }', { id: run?.id });
    const all = follow(olga, run?.id);
    const rest = follow(olga, run?.id, failed.at(-1)?.cursor);
    await reader.until(({ text }) => text === 'Now');
    held.finish(' it works.');
    const states = (events: RoomEvent[]) => events.flatMap(({ run: seen }) => seen?.state ?? []);
    expect(states(failed)).toEqual(['QUEUED', 'RUNNING', 'FAILED']);
    expect(states(await all)).toEqual(['QUEUED', 'RUNNING', 'FAILED', 'QUEUED', 'RUNNING', 'SUCCEEDED']);
    expect(states(await rest)).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
    await reader.close();
  });

  it('are followed by those who may see their room, for as long as they may', async () => {
    const room = await test.seed.room(olga, { agents: [ada], people: [max] });
    const reader = new RoomReader(max.client, room.id, room.cursor);
    const held = model.held('Wait');
    model.next(held.play);
    const { run } = await sendMessage(olga.client, room.id, 'Hello');
    await reader.until(({ text }) => text === 'Wait');
    const followed = follow(max, run?.id);
    // Its answer to the removal must not be an unhandled one before it is looked at.
    followed.catch(() => {});
    const stranger = await test.seed.owner('Sam');
    const outsider = await test.seed.member(olga, 'MEMBER', 'Ina');
    for (const [person, id, after, code] of [
      [stranger, run?.id, null, 'NOT_FOUND'],
      [outsider, run?.id, null, 'NOT_FOUND'],
      [olga, newId(), null, 'NOT_FOUND'],
      [olga, 'no id', null, 'NOT_FOUND'],
      [olga, run?.id, 'no cursor', 'BAD_USER_INPUT'],
    ] as const) {
      await expect(follow(person, id, after)).rejects.toMatchObject([{ extensions: { code } }]);
    }
    await olga.client.request(
      'mutation ($input: RemoveParticipantInput!) { removeParticipant(input: $input) { removedParticipantId } }',
      { input: { conversationId: room.id, participantId: max.id } },
    );
    await expect(followed).rejects.toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    held.finish('.');
    await reader.close();
  });

  it('are listed across rooms, the newest first, as far as one may see them', async () => {
    const owner = await test.seed.owner('Otto');
    const member = await test.seed.member(owner, 'MEMBER', 'Mia');
    const [cleo, dan] = [await test.seed.agent(owner, { name: 'Cleo' }), await test.seed.agent(owner, { name: 'Dan' })];
    const shared = await test.seed.room(owner, { agents: [cleo, dan], people: [member] });
    const own = await test.seed.room(owner, { agents: [dan] });
    const ask = async (roomId: string, agentId: string) => {
      const { run } = await sendMessage(owner.client, roomId, 'repeat hello', { agentId });
      await follow(owner, run?.id);
      return run?.id ?? '';
    };
    const first = await ask(shared.id, cleo.id);
    const second = await ask(own.id, dan.id);
    const between = new Date();
    const third = await ask(shared.id, dan.id);
    const idsOf = async (person: Person, filter: object = {}) =>
      (await runs(person, { filter })).nodes.map(({ id }) => id);

    expect(await idsOf(owner)).toEqual([third, second, first]);
    expect(await idsOf(member)).toEqual([third, first]);
    expect((await runs(member)).totalCount).toBe(2);
    expect(await idsOf(await test.seed.owner('Sam'))).toEqual([]);
    expect(await idsOf(owner, { conversationId: shared.id })).toEqual([third, first]);
    expect(await idsOf(member, { conversationId: own.id })).toEqual([]);
    expect(await idsOf(owner, { agentId: dan.id })).toEqual([third, second]);
    expect(await idsOf(owner, { agentId: dan.id, conversationId: shared.id })).toEqual([third]);
    expect(await idsOf(owner, { states: ['SUCCEEDED'] })).toEqual([third, second, first]);
    expect(await idsOf(owner, { states: ['FAILED', 'RUNNING'] })).toEqual([]);
    expect(await idsOf(owner, { states: [] })).toEqual([]);
    expect(await idsOf(owner, { agentId: 'no id' })).toEqual([]);
    expect(await idsOf(owner, { from: between.toISOString() })).toEqual([third]);
    expect(await idsOf(owner, { until: between.toISOString() })).toEqual([second, first]);
    expect(await idsOf(owner, { from: '0001-01-01T00:00:00Z', until: '9999-12-31T00:00:00Z' })).toHaveLength(3);

    const page = await runs(owner, { first: 2 });
    expect(page).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    const rest = await runs(owner, { first: 2, after: page.pageInfo.endCursor });
    expect(rest.nodes.map(({ id }) => id)).toEqual([first]);
    expect(rest.pageInfo.hasNextPage).toBe(false);
    const back = await runs(owner, { last: 1, before: rest.pageInfo.startCursor });
    expect(back.nodes.map(({ id }) => id)).toEqual([second]);
    expect((await owner.client.refusal(RUNS, { first: 101 })).extensions.code).toBe('BAD_USER_INPUT');
    expect((await owner.client.refusal(RUNS, { after: 'nothing' })).extensions.code).toBe('BAD_USER_INPUT');
  });

  it('are found by an index, however many there are', async () => {
    const { rows } = await test
      .pool()
      .query<{ name: string }>("select indexname as name from pg_indexes where tablename = 'runs'");
    const names = rows.map(({ name }) => name);
    for (const column of ['conversation_id', 'agent_id', 'state'])
      expect(names).toContain(`runs_org_id_${column}_id_idx`);
    const room = await test.seed.room(olga, { agents: [bob] });
    const { run } = await sendMessage(olga.client, room.id, 'repeat hello');
    await follow(olga, run?.id);
    const client = await test.pool().connect();
    try {
      await client.query('set enable_seqscan = off');
      const plan = await client.query<{ 'QUERY PLAN': string }>(
        `explain select * from runs where org_id = $1 and agent_id = $2 order by id desc limit 21`,
        [olga.orgId, bob.id],
      );
      const text = plan.rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(text).toContain('runs_org_id_agent_id_id_idx');
      expect(text).not.toContain('Sort');
    } finally {
      await client.query('reset enable_seqscan');
      client.release();
    }
  });
});
