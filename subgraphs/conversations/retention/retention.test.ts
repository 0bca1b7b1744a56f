import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { sendMessage } from '#test/support/room-call';
import { RoomReader } from '#test/support/room-reader';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

const SET = `mutation ($days: Int) {
  setRetention(input: { messagesDays: $days }) { retentionPolicy { messagesDays minimumDays updatedAt } }
}`;

interface Policy {
  messagesDays: number | null;
  minimumDays: number;
  updatedAt: string | null;
}

describe('retention', { timeout: 60_000 }, () => {
  let test: TestServer;
  let olga: Person;
  let admin: Person;
  let max: Person;
  let stranger: Person;

  const set = async (person: Person, days: number | null) =>
    (await person.client.request<{ setRetention: { retentionPolicy: Policy } }>(SET, { days })).setRetention
      .retentionPolicy;
  const policy = async (person: Person) =>
    (
      await person.client.request<{ retentionPolicy: Policy }>(
        '{ retentionPolicy { messagesDays minimumDays updatedAt } }',
      )
    ).retentionPolicy;
  const texts = async (person: Person, id: string) =>
    (
      await person.client.request<{ conversation: { messages: { nodes: { text: string }[] } } }>(
        'query ($id: ID!) { conversation(id: $id) { messages(first: 200) { nodes { text } } } }',
        { id },
      )
    ).conversation.messages.nodes.map(({ text }) => text);
  /** Makes everything that there is in a room now so many days older. */
  const age = async (roomId: string, days: number) => {
    const by = `make_interval(days => ${days})`;
    await test.pool().query(
      `with e as (update stream_events set at = at - ${by} where topic = $1),
            r as (update runs set queued_at = queued_at - ${by} where conversation_id = $1)
       update messages set created_at = created_at - ${by} where conversation_id = $1`,
      [roomId],
    );
  };
  const applied = async (orgId: string, count: number) => {
    for (let waited = 0; waited < 20_000; waited += 50) {
      const { rows } = await test
        .pool()
        .query<{ payload: Record<string, number> }>(
          "select payload from outbox_events where org_id = $1 and type = 'retention.applied' order by created_at",
          [orgId],
        );
      if (rows.length >= count) return rows.map(({ payload }) => payload);
      await sleep(50);
    }
    throw new Error('Retention was not applied.');
  };

  beforeAll(async () => {
    test = await startTestServer();
    [olga, stranger] = await Promise.all([test.seed.owner('Olga'), test.seed.owner('Stranger')]);
    [admin, max] = await Promise.all([
      test.seed.member(olga, 'ADMIN', 'Alma'),
      test.seed.member(olga, 'MEMBER', 'Max'),
    ]);
  }, 120_000);

  it('keeps everything until somebody sets it otherwise, within what the installation keeps at least', async () => {
    expect(await policy(stranger)).toEqual({ messagesDays: null, minimumDays: 7, updatedAt: null });
    for (const days of [6, 0, -1, 36_501]) {
      expect((await stranger.client.refusal(SET, { days })).extensions).toMatchObject({
        code: 'BAD_USER_INPUT',
        fields: [{ path: 'input.messagesDays' }],
      });
    }
    expect((await stranger.client.refusal('mutation { setRetention(input: {}) { __typename } }')).extensions.code).toBe(
      'BAD_USER_INPUT',
    );
    expect((await max.client.refusal(SET, { days: 30 })).extensions.code).toBe('FORBIDDEN');
    expect(await set(stranger, 36_500)).toMatchObject({ messagesDays: 36_500 });
    expect(await set(stranger, null)).toMatchObject({ messagesDays: null });
    expect((await policy(olga)).updatedAt).toBeNull();
  });

  it('removes what is older, in every room of the organization and in no other', async () => {
    const agent = await test.seed.agent(olga);
    const { id, cursor } = await test.seed.room(olga, { agents: [agent], people: [max] });
    const theirs = await test.seed.room(stranger);
    await sendMessage(stranger.client, theirs.id, 'Old, of the stranger');
    await age(theirs.id, 100);
    const reader = new RoomReader(olga.client, id, cursor);
    const { message, run } = await sendMessage(olga.client, id, 'Old');
    await reader.until(({ run: seen }) => seen?.state === 'SUCCEEDED');
    await reader.close();
    await max.client.request(
      'mutation ($id: ID!) { addReaction(input: {messageId: $id, emoji: "👍"}) { message { id } } }',
      {
        id: message.id,
      },
    );
    await age(id, 40);
    await test.pool().query(
      `insert into messages (id, org_id, conversation_id, position, author_kind, author_id, status, text, parts, created_at)
       select gen_random_uuid(), $1, $2, 100000 + n, 'USER', $3, 'COMPLETE', 'Old ' || n, '[]', now() - interval '31 days'
       from generate_series(1, 1200) n`,
      [olga.orgId, id, olga.id],
    );
    await sendMessage(olga.client, id, 'New', { whenBusy: 'INTERRUPT' });

    expect(await set(admin, 30)).toMatchObject({ messagesDays: 30 });
    const [done] = await applied(olga.orgId, 1);
    expect(done).toMatchObject({ messages: 1202, runs: 1 });
    expect(done?.events).toBeGreaterThan(3);
    const left = await texts(max, id);
    expect(left[0]).toBe('New');
    expect(left.some((text) => text.startsWith('Old'))).toBe(false);
    const gone = await olga.client.send<{ run: null }>('query ($id: ID!) { run(id: $id) { id } }', { id: run?.id });
    expect(gone.data?.run).toBeNull();
    const { rows } = await test.pool().query('select 1 from reactions where message_id = $1', [message.id]);
    expect(rows).toEqual([]);
    expect(await texts(stranger, theirs.id)).toEqual(['Old, of the stranger']);
    // What the model took is owed all the same.
    const calls = await test.pool().query('select 1 from model_calls where run_id = $1', [run?.id]);
    expect(calls.rowCount).toBe(1);

    // Whoever comes back with a cursor from before is told of the gap, and nothing shows what went.
    const late = new RoomReader(max.client, id, cursor);
    await late.until(({ __typename }) => __typename === 'StreamGap');
    expect(JSON.stringify(late.events)).not.toContain('Old');
    await late.close();
  });

  it('leaves what an answer is still being worked on for', async () => {
    const { id } = await test.seed.room(olga);
    const { message } = await sendMessage(olga.client, id, 'Answer me');
    await test.pool().query(
      `insert into runs (id, org_id, conversation_id, trigger_message_id, reply_message_id, agent_id, started_by_id, state)
       values (gen_random_uuid(), $1, $2, $3, gen_random_uuid(), gen_random_uuid(), $4, 'WAITING')`,
      [olga.orgId, id, message.id, olga.id],
    );
    await sendMessage(olga.client, id, 'Forget me');
    await age(id, 400);
    const before = (await applied(olga.orgId, 0)).length;
    await set(olga, 365);
    await applied(olga.orgId, before + 1);
    expect(await texts(olga, id)).toEqual(['Answer me']);
  });
});
