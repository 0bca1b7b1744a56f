import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { sendMessage } from '#test/support/room-call';
import { RoomReader } from '#test/support/room-reader';
import { PASSWORD, type Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

const ERASE = 'mutation ($input: ErasePersonInput!) { erasePerson(input: $input) { erasedUserId accountErased } }';
const SECRET = 'xylophone';

interface MessageAnswer {
  id: string;
  text: string;
  parts: unknown[];
  erasedAt: string | null;
  author: { name: string };
}

describe('erasing a person', { timeout: 90_000 }, () => {
  const stateOf = async (runId: string | undefined) =>
    (await test.pool().query<{ state: string }>('select state from runs where id = $1', [runId])).rows[0]?.state;
  let test: TestServer;
  let olga: Person;
  let admin: Person;
  let max: Person;
  let vera: Person;
  let stranger: Person;

  const erase = async (person: Person, userId: string) =>
    (
      await person.client.request<{ erasePerson: { erasedUserId: string; accountErased: boolean } }>(ERASE, {
        input: { userId },
      })
    ).erasePerson;
  const messages = async (person: Person, id: string) =>
    (
      await person.client.request<{ conversation: { messages: { nodes: MessageAnswer[] } } }>(
        `query ($id: ID!) { conversation(id: $id) { messages(first: 200) { nodes {
          id text parts { __typename } erasedAt author { ... on User { name } ... on Agent { name } }
        } } } }`,
        { id },
      )
    ).conversation.messages.nodes;
  const finished = async (orgId: string, userId: string) => {
    for (let waited = 0; waited < 30_000; waited += 50) {
      const { rows } = await test
        .pool()
        .query<{ payload: Record<string, unknown> }>(
          `select payload from outbox_events where org_id = $1 and type = 'person.erased' and payload->>'userId' = $2`,
          [orgId, userId],
        );
      if (rows[0]) return rows[0].payload;
      await sleep(50);
    }
    throw new Error('He was not erased.');
  };

  beforeAll(async () => {
    test = await startTestServer();
    [olga, stranger] = await Promise.all([test.seed.owner('Olga'), test.seed.owner('Stranger')]);
    [admin, vera] = await Promise.all([
      test.seed.member(olga, 'ADMIN', 'Alma'),
      test.seed.member(olga, 'MEMBER', 'Vera'),
    ]);
  }, 120_000);

  it('takes his words and his name out of every room, its replay and the search, and leaves the rest', async () => {
    max = await test.seed.member(olga, 'MEMBER', 'Max Mustermann');
    const agent = await test.seed.agent(olga, { name: 'Ada' });
    const { id, cursor } = await test.seed.room(olga, { agents: [agent], people: [max, vera] });
    const other = await test.seed.room(max, { people: [vera] });
    const before = new RoomReader(vera.client, id, cursor);
    const { message, run } = await sendMessage(max.client, id, `My ${SECRET} is hidden`);
    await before.until(({ run: seen }) => seen?.state === 'SUCCEEDED');
    const hers = await sendMessage(vera.client, id, 'Mine stays', { agentId: agent.id });
    await before.until(({ run: seen }) => seen?.id === hers.run?.id && seen?.state === 'SUCCEEDED');
    // As the agent's tools would have found it, when he asked and when she did.
    for (const [runId, name] of [
      [run?.id, 'fetch_url'],
      [hers.run?.id, 'search_conversation'],
    ]) {
      await test.pool().query(
        `insert into steps (id, org_id, run_id, key, kind, name, state, agent_id, agent_version, depth, attempt, output, started_at)
         select gen_random_uuid(), org_id, run_id, 'tool/0.0', 'TOOL', $2, 'SUCCEEDED', agent_id, agent_version, depth, 1,
           '{"found": "${SECRET}"}', now() from steps where run_id = $1 limit 1`,
        [runId, name],
      );
    }
    for (let n = 0; n < 3; n++) await sendMessage(max.client, other.id, `${SECRET} ${n}`);
    await test.pool().query(
      `insert into messages (id, org_id, conversation_id, position, author_kind, author_id, status, text, parts)
       select gen_random_uuid(), $1, $2, 100000 + n, 'USER', $3, 'COMPLETE', '${SECRET} ' || n, '[]' from generate_series(1, 450) n`,
      [olga.orgId, other.id, max.id],
    );
    await max.client.request(
      `mutation ($m: ID!, $c: ID!) {
        addReaction(input: {messageId: $m, emoji: "👍"}) { message { id } }
        markRead(input: {conversationId: $c, messageId: $m}) { conversation { id } }
      }`,
      { m: message.id, c: id },
    );

    expect(await erase(admin, max.id)).toEqual({ erasedUserId: max.id, accountErased: true });
    expect(await finished(olga.orgId, max.id)).toEqual({ userId: max.id, messages: 454, rooms: 2 });

    const left = await messages(vera, id);
    expect(left[0]).toMatchObject({ id: message.id, text: '', parts: [], author: { name: 'Erased user' } });
    expect(new Date(left[0]?.erasedAt ?? 0).getTime()).toBeGreaterThan(0);
    expect(left.find(({ text }) => text === 'Mine stays')).toMatchObject({ erasedAt: null, author: { name: 'Vera' } });
    const told = await before.until(({ __typename }) => __typename === 'PersonErased');
    expect(told.cursor).not.toBe(cursor);
    await before.close();

    // Every place in the log is still there, and none says what he wrote.
    const { rows: places } = await test
      .pool()
      .query<{ seq: string; payload: string }>(
        'select seq::text, payload from stream_events where topic = any($1::uuid[]) order by stream_events.seq',
        [[id]],
      );
    expect(places.map(({ seq }) => Number(seq))).toEqual(places.map((_, index) => index + 1));
    const replay = new RoomReader(vera.client, id, Buffer.from('["e","0"]').toString('base64url'));
    await replay.until(({ __typename }) => __typename === 'PersonErased');
    const added = replay.events.find(({ message: seen }) => seen?.id === message.id);
    expect(added?.message).toMatchObject({ text: '', author: { name: 'Erased user' } });
    await replay.close();

    const found = await olga.client.request<{ searchMessages: { totalCount: number } }>(
      `{ searchMessages(query: "${SECRET}", filter: {conversationId: "${other.id}"}) { totalCount } }`,
    );
    expect(found.searchMessages.totalCount).toBe(0);
    const counted = await vera.client.request<{ run: { state: string; usage: { totalTokens: number } } }>(
      'query ($id: ID!) { run(id: $id) { state usage { totalTokens } } }',
      { id: run?.id },
    );
    expect(counted.run.usage.totalTokens).toBeGreaterThan(0);

    // Nowhere in the database, but for what the agent said, is he to be found.
    const tables = [
      'users',
      'memberships',
      'sessions',
      'api_keys',
      'invitations',
      'external_identities',
      'outbox_events',
      'participants',
      'steps',
      'approvals',
      'stream_events',
      'reactions',
      'read_marks',
    ];
    for (const table of tables) {
      const { rows } = await test
        .pool()
        .query(`select t::text from ${table} t where t::text ilike '%Mustermann%' or t::text like $1`, [
          `%${max.email}%`,
        ]);
      expect({ table, rows }).toEqual({ table, rows: [] });
    }
    const inSteps = await test
      .pool()
      .query(`select 1 from steps where kind = 'TOOL' and output::text like '%${SECRET}%'`);
    expect(inSteps.rows).toEqual([]);
    for (const table of [
      'reactions where actor_id = $1',
      'read_marks where user_id = $1',
      'participants where participant_id = $1 and left_at is null',
      `messages where author_id = $1 and text <> ''`,
    ]) {
      const { rows } = await test.pool().query(`select 1 from ${table}`, [max.id]);
      expect({ table, rows }).toEqual({ table, rows: [] });
    }
  });

  it('ends what lets him in, and gives his address free', async () => {
    const gone = await test.seed.member(olga, 'MEMBER', 'Gone');
    const { createApiKey } = await gone.client.request<{ createApiKey: { secret: string } }>(
      'mutation { createApiKey(input: {name: "mine"}) { secret } }',
    );
    // By himself, this time.
    expect(
      (await test.client.as(createApiKey.secret).refusal(ERASE, { input: { userId: gone.id } })).extensions.code,
    ).toBe('FORBIDDEN');
    await erase(gone, gone.id);
    await sleep(2_100);
    for (const client of [gone.client, test.client.as(createApiKey.secret)]) {
      expect((await client.send('{ organization { id } }')).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    }
    const logIn = 'mutation ($input: LogInInput!) { logIn(input: $input) { accessToken } }';
    expect((await test.client.send(logIn, { input: { email: gone.email, password: PASSWORD } })).errors).toBeDefined();
    const signUp = 'mutation ($input: SignUpInput!) { signUp(input: $input) { viewer { user { id } } } }';
    const again = await test.client.request<{ signUp: { viewer: { user: { id: string } } } }>(signUp, {
      input: { email: gone.email, password: PASSWORD, name: 'Back', organizationName: 'Own' },
    });
    expect(again.signUp.viewer.user.id).not.toBe(gone.id);
  });

  it('stops at the organization: elsewhere he is who he was', async () => {
    const both = await test.seed.member(olga, 'MEMBER', 'Bea Both');
    const { createOrganization } = await both.client.request<{ createOrganization: { organization: { id: string } } }>(
      'mutation { createOrganization(input: {name: "Hers"}) { organization { id } } }',
    );
    const { id } = await test.seed.room(olga, { people: [both] });
    await sendMessage(both.client, id, 'Of Bea');
    expect(await erase(olga, both.id)).toEqual({ erasedUserId: both.id, accountErased: false });
    await finished(olga.orgId, both.id);
    expect(await messages(olga, id)).toMatchObject([{ text: '', author: { name: 'Erased user' } }]);
    const { logIn } = await test.client.request<{
      logIn: { viewer: { user: { name: string }; organization: { id: string } } };
    }>('mutation ($input: LogInInput!) { logIn(input: $input) { viewer { user { name } organization { id } } } }', {
      input: { email: both.email, password: PASSWORD },
    });
    expect(logIn.viewer).toEqual({
      user: { name: 'Bea Both' },
      organization: { id: createOrganization.organization.id },
    });
  });

  it('is for those who manage members, and for oneself; others do not exist', async () => {
    const target = await test.seed.member(olga, 'MEMBER', 'Target');
    expect((await vera.client.refusal(ERASE, { input: { userId: target.id } })).extensions.code).toBe('FORBIDDEN');
    expect((await admin.client.refusal(ERASE, { input: { userId: olga.id } })).extensions.code).toBe('FORBIDDEN');
    expect((await olga.client.refusal(ERASE, { input: { userId: olga.id } })).extensions.code).toBe('CONFLICT');
    for (const userId of [stranger.id, newId(), 'x']) {
      expect((await olga.client.refusal(ERASE, { input: { userId } })).extensions).toEqual({ code: 'NOT_FOUND' });
    }
    await erase(olga, target.id);
    expect(await erase(olga, target.id)).toEqual({ erasedUserId: target.id, accountErased: true });
  });

  it('goes on where a process has died in the middle', async () => {
    const half = await test.seed.member(olga, 'MEMBER', 'Half');
    const { id } = await test.seed.room(olga, { people: [half] });
    await sendMessage(half.client, id, 'One');
    await erase(olga, half.id);
    await finished(olga.orgId, half.id);
    // As it is found after a crash: begun, not ended, with words that are still there.
    await test.pool().query("update messages set text = 'One' where conversation_id = $1", [id]);
    await test
      .pool()
      .query('delete from erased_messages where message_id in (select id from messages where conversation_id = $1)', [
        id,
      ]);
    await test.pool().query('update erasures set finished_at = null where user_id = $1', [half.id]);
    for (let waited = 0; waited < 80_000; waited += 200) {
      if ((await messages(olga, id))[0]?.text === '') return;
      await sleep(200);
    }
    throw new Error('Nobody went on with it.');
  });

  it('is finished once what was under way is over, which goes on as it was', async () => {
    const late = await test.seed.member(olga, 'MEMBER', 'Late');
    const agent = await test.seed.agent(olga, {
      name: 'Slow',
      tools: [{ name: 'calculator', approval: { rule: 'ALWAYS' } }],
    });
    const { id } = await test.seed.room(olga, { agents: [agent], people: [late] });
    await sendMessage(late.client, id, `My ${SECRET}`);
    const { run } = await sendMessage(olga.client, id, 'Mine');
    await expect.poll(() => stateOf(run?.id), { timeout: 20_000 }).toBe('SUCCEEDED');
    // As one of hers that has his words in hand, and waits for a person.
    await test.pool().query("update runs set state = 'WAITING', finished_at = null where id = $1", [run?.id]);
    await test
      .pool()
      .query(`update steps set input = '{"asked": "${SECRET}"}' where run_id = $1 and kind = 'MODEL'`, [run?.id]);
    await erase(olga, late.id);
    // What the agent made of it stays.
    await expect.poll(async () => (await messages(olga, id))[0]?.text, { timeout: 20_000 }).toBe('');
    const inputs = async () =>
      (
        await test
          .pool()
          .query<{ input: unknown }>("select input from steps where run_id = $1 and kind = 'MODEL'", [run?.id])
      ).rows[0]?.input;
    expect(await inputs()).toEqual({ asked: SECRET });
    await test.pool().query("update runs set state = 'SUCCEEDED', finished_at = now() where id = $1", [run?.id]);
    await finished(olga.orgId, late.id);
    expect(await inputs()).toBeNull();
  });
});
