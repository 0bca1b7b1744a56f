import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { RoomReader } from '#test/support/room-reader';
import type { Person, SeededAgent } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

interface RoomAnswer {
  id: string;
  title: string | null;
  cursor: string;
  participants: { __typename: string; id: string; name: string }[];
}

const ROOM = `id title cursor participants { __typename ... on User { id name } ... on Agent { id name } }`;
const CREATE = `mutation ($input: CreateConversationInput!) {
  createConversation(input: $input) { conversation { ${ROOM} } }
}`;
const UPDATE = `mutation ($input: UpdateConversationInput!) {
  updateConversation(input: $input) { conversation { ${ROOM} } }
}`;
const DELETE =
  'mutation ($input: DeleteConversationInput!) { deleteConversation(input: $input) { deletedConversationId } }';
const ADD = `mutation ($input: AddParticipantsInput!) { addParticipants(input: $input) { conversation { ${ROOM} } } }`;
const REMOVE =
  'mutation ($input: RemoveParticipantInput!) { removeParticipant(input: $input) { removedParticipantId } }';
const SEND = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } } }';

const PARTICIPANT_EVENTS = `__typename cursor at
  ... on ParticipantJoined { participant { ... on User { id } ... on Agent { id } } }
  ... on ParticipantLeft { participant { ... on User { id } ... on Agent { id } } }
  ... on ConversationUpdated { title }
  ... on MessageAdded { message { id text status author { __typename } } }`;

describe('rooms', { timeout: 60_000 }, () => {
  let test: TestServer;
  let olga: Person;
  let max: Person;
  let vera: Person;
  let stranger: Person;
  let agents: SeededAgent[];
  let foreignAgent: SeededAgent;

  const find = async (person: Person, id: string) =>
    (
      await person.client.send<{ conversation: RoomAnswer | null }>(
        `query ($id: ID!) { conversation(id: $id) { ${ROOM} } }`,
        { id },
      )
    ).data?.conversation ?? null;
  const create = async (person: Person, input: Record<string, unknown>) =>
    (await person.client.request<{ createConversation: { conversation: RoomAnswer } }>(CREATE, { input }))
      .createConversation.conversation;

  beforeAll(async () => {
    test = await startTestServer();
    olga = await test.seed.owner('Olga');
    [max, vera, stranger] = await Promise.all([
      test.seed.member(olga, 'MEMBER', 'Max'),
      test.seed.member(olga, 'VIEWER', 'Vera'),
      test.seed.owner('Stranger'),
    ]);
    agents = [];
    for (const name of ['Ada', 'Bob', 'Cleo', 'Dora', 'Emil']) agents.push(await test.seed.agent(olga, { name }));
    foreignAgent = await test.seed.agent(stranger);
  }, 120_000);

  it('are made with people and agents in the order given, renamed, and deleted', async () => {
    const room = await create(olga, {
      title: '  Plans  ',
      userIds: [max.id, olga.id, max.id],
      agentIds: agents.map(({ id }) => id),
    });
    expect(room.title).toBe('Plans');
    expect(room.participants.map(({ name }) => name)).toEqual(['Olga', 'Max', 'Ada', 'Bob', 'Cleo', 'Dora', 'Emil']);
    expect(await find(max, room.id)).toEqual(room);

    const renamed = await max.client.request<{ updateConversation: { conversation: RoomAnswer } }>(UPDATE, {
      input: { conversationId: room.id, title: 'Trips' },
    });
    expect(renamed.updateConversation.conversation.title).toBe('Trips');
    expect(renamed.updateConversation.conversation.cursor).not.toBe(room.cursor);
    await max.client.request(UPDATE, { input: { conversationId: room.id, title: null } });
    expect((await find(olga, room.id))?.title).toBeNull();

    expect(await max.client.refusal(DELETE, { input: { conversationId: room.id } })).toMatchObject({
      extensions: { code: 'FORBIDDEN' },
    });
    await olga.client.request(DELETE, { input: { conversationId: room.id } });
    expect(await find(olga, room.id)).toBeNull();
    expect(await olga.client.refusal(DELETE, { input: { conversationId: room.id } })).toMatchObject({
      extensions: { code: 'NOT_FOUND' },
    });
  });

  it('keep the order of agents that come together, every time', async () => {
    const wanted = agents.map(({ id }) => id);
    for (let n = 0; n < 10; n++) {
      const shuffled = n % 2 === 0 ? wanted : [...wanted].reverse();
      const room = await create(olga, { agentIds: shuffled });
      expect(room.participants.slice(1).map(({ id }) => id)).toEqual(shuffled);
    }
  });

  it('do not exist for those who are not in them, in this organization or another', async () => {
    const room = await create(olga, { agentIds: [agents[0]?.id] });
    for (const person of [max, stranger]) {
      expect(await find(person, room.id)).toBeNull();
      for (const [document, input] of [
        [UPDATE, { title: 'Mine' }],
        [DELETE, {}],
        [ADD, { userIds: [max.id] }],
        [REMOVE, { participantId: olga.id }],
        [SEND, { text: 'Hello' }],
      ] as const) {
        const refused = await person.client.refusal(document, { input: { conversationId: room.id, ...input } });
        const missing = await person.client.refusal(document, { input: { conversationId: newId(), ...input } });
        expect(refused.extensions).toEqual({ code: 'NOT_FOUND' });
        expect(refused.message).toBe(missing.message);
      }
      const reader = new RoomReader(person.client, room.id, null);
      await reader.untilEnded();
      expect(reader.error).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
      await reader.close();
    }
  });

  it('refuse people and agents who do not exist or belong to another organization, naming each', async () => {
    const unknown = newId();
    const refused = await olga.client.refusal(CREATE, {
      input: { agentIds: [agents[0]?.id, foreignAgent.id, unknown], userIds: [stranger.id, max.id] },
    });
    expect(refused.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [
        { path: 'input.agentIds.1', message: 'There is no such agent.' },
        { path: 'input.agentIds.2', message: 'There is no such agent.' },
        { path: 'input.userIds.0', message: 'There is no such user.' },
      ],
    });
    const room = await create(olga, {});
    const add = await olga.client.refusal(ADD, { input: { conversationId: room.id, agentIds: [foreignAgent.id] } });
    expect(add.extensions.fields).toEqual([{ path: 'input.agentIds.0', message: 'There is no such agent.' }]);
    expect((await find(olga, room.id))?.participants).toHaveLength(1);
  });

  it('say by path what is wrong with the input', async () => {
    const room = await create(olga, {});
    const cases: [string, Record<string, unknown>, string[]][] = [
      [CREATE, { title: '   ' }, ['input.title']],
      [CREATE, { title: 'x'.repeat(201) }, ['input.title']],
      [CREATE, { title: 'a\u0000b' }, ['input.title']],
      [CREATE, { agentIds: ['nonsense'], userIds: ['', newId()] }, ['input.agentIds.0', 'input.userIds.0']],
      [CREATE, { agentIds: Array.from({ length: 51 }, newId) }, ['input.agentIds']],
      [ADD, { conversationId: room.id }, ['input']],
      [UPDATE, { conversationId: room.id, title: '' }, ['input.title']],
      [SEND, { conversationId: room.id, text: ' \n ' }, ['input.text']],
      [SEND, { conversationId: room.id, text: 'x'.repeat(100_001) }, ['input.text']],
      [SEND, { conversationId: room.id, text: 'a\u0000b' }, ['input.text']],
      [SEND, { conversationId: room.id, text: 'hi', agentId: agents[0]?.id }, ['input.agentId']],
      [SEND, { conversationId: room.id, text: 'hi', agentId: 'nonsense' }, ['input.agentId']],
      [SEND, { conversationId: room.id, text: 'hi', attachmentIds: [newId()] }, ['input.attachmentIds.0']],
    ];
    for (const [document, input, paths] of cases) {
      const { extensions } = await olga.client.refusal(document, { input });
      expect(extensions.code, JSON.stringify(input).slice(0, 100)).toBe('BAD_USER_INPUT');
      expect(extensions.fields?.map(({ path }) => path)).toEqual(paths);
    }
  });

  it('take text of any script and half a surrogate pair', async () => {
    const room = await create(olga, { title: 'Zoë 🎈 \ud83d' });
    expect(room.title).toBe('Zoë 🎈 \ufffd');
    const reader = new RoomReader(olga.client, room.id, room.cursor);
    await olga.client.request(SEND, { input: { conversationId: room.id, text: 'مرحبا 👩‍👩‍👧 \ude00' } });
    const added = await reader.until(({ message }) => message !== undefined);
    expect(added.message?.text).toBe('مرحبا 👩‍👩‍👧 \ufffd');
    await reader.close();
  });

  it('let people in and out, and tell those who follow', async () => {
    const room = await create(olga, {});
    const reader = new RoomReader(olga.client, room.id, room.cursor, PARTICIPANT_EVENTS);
    const ada = agents[0]?.id ?? '';
    await olga.client.request(ADD, { input: { conversationId: room.id, userIds: [max.id, vera.id], agentIds: [ada] } });
    // Whoever is there already stays, and nothing is told of it.
    await max.client.request(ADD, { input: { conversationId: room.id, userIds: [olga.id], agentIds: [ada] } });
    await max.client.request(REMOVE, { input: { conversationId: room.id, participantId: ada } });
    await vera.client.request(REMOVE, { input: { conversationId: room.id, participantId: vera.id } });
    expect(await find(vera, room.id)).toBeNull();
    await olga.client.request(ADD, { input: { conversationId: room.id, userIds: [vera.id] } });
    await reader.until(() => reader.events.length === 6);
    expect(
      reader.events.map((event) => [
        event.__typename,
        (event as never as { participant: { id: string } }).participant.id,
      ]),
    ).toEqual([
      ['ParticipantJoined', max.id],
      ['ParticipantJoined', vera.id],
      ['ParticipantJoined', ada],
      ['ParticipantLeft', ada],
      ['ParticipantLeft', vera.id],
      ['ParticipantJoined', vera.id],
    ]);
    expect((await find(vera, room.id))?.participants.map(({ id }) => id)).toEqual([olga.id, max.id, vera.id]);
    const gone = await olga.client.refusal(REMOVE, { input: { conversationId: room.id, participantId: ada } });
    expect(gone.extensions.code).toBe('NOT_FOUND');
    await reader.close();
  });

  it('let those who only watch read and leave, and nothing else', async () => {
    const room = await create(olga, { userIds: [vera.id, max.id] });
    for (const [document, input] of [
      [SEND, { text: 'Hello' }],
      [UPDATE, { title: 'Mine' }],
      [ADD, { userIds: [max.id] }],
      [REMOVE, { participantId: max.id }],
    ] as const) {
      const refused = await vera.client.refusal(document, { input: { conversationId: room.id, ...input } });
      expect(refused.extensions.code).toBe('FORBIDDEN');
    }
    await vera.client.request(REMOVE, { input: { conversationId: room.id, participantId: vera.id } });
  });

  it('show whoever is taken out that he was, and nothing after it', async () => {
    const room = await create(olga, { userIds: [max.id] });
    const reader = new RoomReader(max.client, room.id, room.cursor, PARTICIPANT_EVENTS);
    await olga.client.request(SEND, { input: { conversationId: room.id, text: 'before' } });
    await reader.until(({ message }) => message?.text === 'before');
    await olga.client.request(REMOVE, { input: { conversationId: room.id, participantId: max.id } });
    await olga.client.request(SEND, { input: { conversationId: room.id, text: 'after' } });
    await reader.untilEnded();
    expect(reader.events.map(({ __typename }) => __typename)).toEqual(['MessageAdded', 'ParticipantLeft']);
    expect(reader.error).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    await reader.close();

    // Back in the room he reads on, past the event that once ended his stream.
    await olga.client.request(ADD, { input: { conversationId: room.id, userIds: [max.id] } });
    const again = new RoomReader(max.client, room.id, reader.events.at(-1)?.cursor ?? '', PARTICIPANT_EVENTS);
    await again.until(({ __typename }) => __typename === 'ParticipantJoined');
    expect(again.events.map(({ __typename }) => __typename)).toEqual(['MessageAdded', 'ParticipantJoined']);
    const whole = new RoomReader(max.client, room.id, room.cursor, PARTICIPANT_EVENTS);
    await whole.until(({ __typename }) => __typename === 'ParticipantJoined');
    await Promise.all([again.close(), whole.close()]);
  });

  it('end the streams of those who follow when they are deleted, and leave nothing behind', async () => {
    const room = await create(olga, { userIds: [max.id], agentIds: [agents[0]?.id] });
    const readers = [olga, max].map((person) => new RoomReader(person.client, room.id, room.cursor));
    await olga.client.request(SEND, { input: { conversationId: room.id, text: 'write 300 words' } });
    await Promise.all(readers.map((reader) => reader.until(({ __typename }) => __typename === 'MessageDelta')));
    await olga.client.request(DELETE, { input: { conversationId: room.id } });
    for (const reader of readers) {
      await reader.untilEnded();
      expect(reader.error).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
      await reader.close();
    }
    const pool = test.pool();
    for (const [table, column] of [
      ['stream_events', 'topic'],
      ['stream_heads', 'topic'],
      ['messages', 'conversation_id'],
      ['runs', 'conversation_id'],
      ['participants', 'conversation_id'],
    ]) {
      const { rows } = await pool.query(`select count(*)::int as left from ${table} where ${column} = $1`, [room.id]);
      expect({ table, ...rows[0] }).toEqual({ table, left: 0 });
    }
  });

  it('are listed with the latest activity first, page by page in both directions', async () => {
    const maker = await test.seed.owner('Lister');
    const rooms: string[] = [];
    for (let n = 0; n < 7; n++) rooms.push((await create(maker, { title: `Room ${n}` })).id);
    await maker.client.request(SEND, { input: { conversationId: rooms[2], text: 'hello' } });
    const expected = [rooms[2], ...[6, 5, 4, 3, 1, 0].map((n) => rooms[n])];
    const page = async (args: string) =>
      (
        await maker.client.request<{
          conversations: {
            nodes: { id: string }[];
            totalCount: number;
            pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
          };
        }>(
          `{ conversations(${args}) { nodes { id } totalCount
             pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
        )
      ).conversations;
    for (const size of [1, 2, 3, 7, 8]) {
      const forward: string[] = [];
      for (let after: string | null = null; ; ) {
        const { nodes, pageInfo, totalCount } = await page(`first: ${size}${after ? `, after: "${after}"` : ''}`);
        expect(totalCount).toBe(7);
        forward.push(...nodes.map(({ id }) => id));
        if (!pageInfo.hasNextPage) break;
        after = pageInfo.endCursor;
      }
      expect(forward).toEqual(expected);
      const backward: string[] = [];
      for (let before: string | null = null; ; ) {
        const { nodes, pageInfo } = await page(`last: ${size}${before ? `, before: "${before}"` : ''}`);
        backward.unshift(...nodes.map(({ id }) => id));
        if (!pageInfo.hasPreviousPage) break;
        before = pageInfo.startCursor;
      }
      expect(backward).toEqual(expected);
    }
    for (const args of ['first: 101', 'first: -1', 'after: "nonsense"', 'first: 1, last: 1']) {
      const refused = await maker.client.refusal(`{ conversations(${args}) { nodes { id } } }`);
      expect(refused.extensions.code).toBe('BAD_USER_INPUT');
    }
  });
});
