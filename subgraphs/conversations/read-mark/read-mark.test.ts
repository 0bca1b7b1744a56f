import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { sendMessage } from '#test/support/room-call';
import { RoomReader } from '#test/support/room-reader';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

interface RoomAnswer {
  cursor: string;
  unreadCount: number;
  readMarks: { messageId: string; participant: { name: string } }[];
  messages: { edges: { cursor: string; node: { id: string } }[] };
}

const ROOM = `cursor unreadCount readMarks { messageId at participant { ... on User { name } } }
  messages(last: 100) { edges { cursor node { id } } }`;
const MARK = `mutation ($input: MarkReadInput!) { markRead(input: $input) { conversation { ${ROOM} } } }`;

describe('read marks', { timeout: 60_000 }, () => {
  let test: TestServer;
  let olga: Person;
  let max: Person;
  let vera: Person;
  let admin: Person;
  let stranger: Person;

  const look = async (person: Person, id: string) =>
    (
      await person.client.request<{ conversation: RoomAnswer }>(
        `query ($id: ID!) { conversation(id: $id) { ${ROOM} } }`,
        { id },
      )
    ).conversation;
  const mark = async (person: Person, conversationId: string, upTo: { messageId?: string; cursor?: string }) =>
    (
      await person.client.request<{ markRead: { conversation: RoomAnswer } }>(MARK, {
        input: { conversationId, ...upTo },
      })
    ).markRead.conversation;
  const write = async (person: Person, roomId: string) =>
    (await sendMessage(person.client, roomId, 'Hello')).message.id;

  beforeAll(async () => {
    test = await startTestServer();
    [olga, stranger] = await Promise.all([test.seed.owner('Olga'), test.seed.owner('Stranger')]);
    [max, vera, admin] = await Promise.all([
      test.seed.member(olga, 'MEMBER', 'Max'),
      test.seed.member(olga, 'VIEWER', 'Vera'),
      test.seed.member(olga, 'ADMIN', 'Alma'),
    ]);
  }, 120_000);

  it('move forward only, by message and by either cursor, and say what is unread', async () => {
    const { id } = await test.seed.room(olga, { people: [max, vera] });
    const [first, second, third] = [await write(olga, id), await write(olga, id), await write(max, id)];
    expect((await look(max, id)).unreadCount).toBe(2);
    expect((await look(vera, id)).unreadCount).toBe(3);

    expect((await mark(vera, id, { messageId: second })).unreadCount).toBe(1);
    const back = await mark(vera, id, { messageId: first });
    expect(back).toMatchObject({ unreadCount: 1, readMarks: [{ messageId: second, participant: { name: 'Vera' } }] });

    const { cursor, messages } = await look(max, id);
    const ofThird = messages.edges.find(({ node }) => node.id === third)?.cursor ?? '';
    expect(await mark(vera, id, { cursor: ofThird })).toMatchObject({
      unreadCount: 0,
      readMarks: [{ messageId: third }],
    });
    expect((await mark(max, id, { cursor })).readMarks).toMatchObject([
      { messageId: third, participant: { name: 'Vera' } },
      { messageId: third, participant: { name: 'Max' } },
    ]);
    await write(olga, id);
    expect((await look(max, id)).unreadCount).toBe(1);
    expect((await look(olga, id)).unreadCount).toBe(1);
  });

  it('begin where somebody came in, and count for each room of a list', async () => {
    const { id } = await test.seed.room(olga);
    await write(olga, id);
    await olga.client.request(
      'mutation ($input: AddParticipantsInput!) { addParticipants(input: $input) { conversation { id } } }',
      { input: { conversationId: id, userIds: [max.id] } },
    );
    expect((await look(max, id)).unreadCount).toBe(0);
    await write(olga, id);
    await write(olga, id);
    const { conversations } = await max.client.request<{
      conversations: { nodes: { id: string; unreadCount: number }[] };
    }>('{ conversations { nodes { id unreadCount } } }');
    expect(conversations.nodes.find((room) => room.id === id)?.unreadCount).toBe(2);
  });

  it('are told of once each, live and in a replay', async () => {
    const { id, cursor } = await test.seed.room(olga, { people: [max] });
    const fields = '__typename cursor ... on ReadMarkMoved { messageId participant { ... on User { name } } }';
    const live = new RoomReader(olga.client, id, cursor, fields);
    const [first, second] = [await write(olga, id), await write(olga, id)];
    for (const messageId of [first, first, second, first]) await mark(max, id, { messageId });
    const isLast = (event: object) => 'messageId' in event && event.messageId === second;
    await live.until(isLast);
    const replay = new RoomReader(olga.client, id, cursor, fields);
    await replay.until(isLast);
    for (const reader of [live, replay]) {
      const moved = reader.events.filter(({ __typename }) => __typename === 'ReadMarkMoved');
      expect(moved).toMatchObject([
        { messageId: first, participant: { name: 'Max' } },
        { messageId: second, participant: { name: 'Max' } },
      ]);
      await reader.close();
    }
  });

  it('survive many at once: the furthest stays', async () => {
    const { id } = await test.seed.room(olga, { people: [max] });
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) ids.push(await write(olga, id));
    await Promise.all([...ids].reverse().map((messageId) => mark(max, id, { messageId })));
    expect((await look(max, id)).readMarks).toMatchObject([{ messageId: ids.at(-1) }]);
  });

  it('are of those who take part; to others there is no such room', async () => {
    const { id } = await test.seed.room(olga);
    const messageId = await write(olga, id);
    const elsewhere = await test.seed.room(olga, { people: [max] });
    const refusal = async (person: Person, input: object) => (await person.client.refusal(MARK, { input })).extensions;
    expect(await refusal(admin, { conversationId: id, messageId })).toEqual({ code: 'FORBIDDEN' });
    expect((await look(admin, id)).unreadCount).toBe(0);
    for (const person of [max, stranger]) {
      expect(await refusal(person, { conversationId: id, messageId })).toEqual({ code: 'NOT_FOUND' });
    }
    for (const other of [messageId, newId(), 'x']) {
      expect(await refusal(max, { conversationId: elsewhere.id, messageId: other })).toEqual({ code: 'NOT_FOUND' });
    }
  });

  it('refuse what names no place, or two', async () => {
    const { id } = await test.seed.room(olga);
    const messageId = await write(olga, id);
    for (const input of [{}, { messageId, cursor: 'x' }, { cursor: 'x' }, { cursor: '' }]) {
      const refused = await olga.client.refusal(MARK, { input: { conversationId: id, ...input } });
      expect(refused.extensions.code).toBe('BAD_USER_INPUT');
    }
    // Before the first message there is nothing to have read.
    const empty = await test.seed.room(olga);
    expect((await mark(olga, empty.id, { cursor: empty.cursor })).readMarks).toEqual([]);
  });
});
