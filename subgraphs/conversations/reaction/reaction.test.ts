import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { sendMessage } from '#test/support/room-call';
import { RoomReader } from '#test/support/room-reader';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

interface ReactionAnswer {
  emoji: string;
  count: number;
  viewerReacted: boolean;
  users: { __typename: string; name: string }[];
}

const REACTIONS = 'reactions { emoji count viewerReacted users(first: 2) { __typename ... on User { name } } }';
const ADD = `mutation ($input: AddReactionInput!) { addReaction(input: $input) { message { id ${REACTIONS} } } }`;
const REMOVE = `mutation ($input: RemoveReactionInput!) { removeReaction(input: $input) { message { id ${REACTIONS} } } }`;
const EVENTS = `__typename cursor
  ... on ReactionAdded { messageId emoji participant { ... on User { id name } } }
  ... on ReactionRemoved { messageId emoji participant { ... on User { id name } } }`;

describe('reactions', { timeout: 60_000 }, () => {
  let test: TestServer;
  let olga: Person;
  let max: Person;
  let vera: Person;
  let outsider: Person;
  let stranger: Person;
  let roomId: string;

  const add = async (person: Person, messageId: string, emoji: string) =>
    (
      await person.client.request<{ addReaction: { message: { reactions: ReactionAnswer[] } } }>(ADD, {
        input: { messageId, emoji },
      })
    ).addReaction.message.reactions;
  const write = async () => (await sendMessage(olga.client, roomId, 'Hello')).message.id;

  beforeAll(async () => {
    test = await startTestServer();
    [olga, stranger] = await Promise.all([test.seed.owner('Olga'), test.seed.owner('Stranger')]);
    [max, vera, outsider] = await Promise.all([
      test.seed.member(olga, 'MEMBER', 'Max'),
      test.seed.member(olga, 'VIEWER', 'Vera'),
      test.seed.member(olga, 'MEMBER', 'Otto'),
    ]);
    roomId = (await test.seed.room(olga, { people: [max, vera] })).id;
  }, 120_000);

  it('are counted by emoji, with who put them there first', async () => {
    const id = await write();
    await add(olga, id, '👍');
    await add(max, id, '🎉');
    expect(await add(max, id, '👍')).toEqual([
      {
        emoji: '👍',
        count: 2,
        viewerReacted: true,
        users: [
          { __typename: 'User', name: 'Olga' },
          { __typename: 'User', name: 'Max' },
        ],
      },
      { emoji: '🎉', count: 1, viewerReacted: true, users: [{ __typename: 'User', name: 'Max' }] },
    ]);
    const seen = await vera.client.request<{ message: { reactions: ReactionAnswer[] } }>(
      `query ($id: ID!) { message(id: $id) { reactions { emoji count viewerReacted } } }`,
      { id },
    );
    expect(seen.message.reactions).toEqual([
      { emoji: '👍', count: 2, viewerReacted: false },
      { emoji: '🎉', count: 1, viewerReacted: false },
    ]);
  });

  it('happen once however often they are asked for, and are told of once', async () => {
    const id = await write();
    const { cursor } = (
      await olga.client.request<{ conversation: { cursor: string } }>(
        'query ($id: ID!) { conversation(id: $id) { cursor } }',
        { id: roomId },
      )
    ).conversation;
    await Promise.all(Array.from({ length: 5 }, () => add(olga, id, '\u{2764}')));
    expect(await add(olga, id, '❤️')).toHaveLength(1);
    for (let n = 0; n < 2; n++) {
      const { removeReaction } = await olga.client.request<{
        removeReaction: { message: { reactions: ReactionAnswer[] } };
      }>(REMOVE, { input: { messageId: id, emoji: '❤' } });
      expect(removeReaction.message.reactions).toEqual([]);
    }
    await add(max, id, '👀');
    // A replay from before shows each of them, once.
    const reader = new RoomReader(vera.client, roomId, cursor, EVENTS);
    await reader.until((event) => 'emoji' in event && event.emoji === '👀');
    const by = (person: Person) => ({ id: person.id, name: person.name });
    expect(reader.events).toMatchObject([
      { __typename: 'ReactionAdded', messageId: id, emoji: '❤️', participant: by(olga) },
      { __typename: 'ReactionRemoved', messageId: id, emoji: '❤️', participant: by(olga) },
      { __typename: 'ReactionAdded', messageId: id, emoji: '👀', participant: by(max) },
    ]);
    await reader.close();
  });

  it('are of 20 different kinds at most, while more people join in on those', async () => {
    const id = await write();
    const emoji = Array.from({ length: 21 }, (_, index) => String.fromCodePoint(0x1f600 + index));
    await Promise.all(emoji.slice(0, 19).map((each) => add(olga, id, each)));
    const outcomes = await Promise.all(
      emoji.slice(19).map((each) => olga.client.send(ADD, { input: { messageId: id, emoji: each } })),
    );
    expect(outcomes.map(({ errors }) => errors?.[0]?.extensions.code ?? 'ok').sort()).toEqual(['CONFLICT', 'ok']);
    expect(await add(max, id, emoji[0] ?? '')).toHaveLength(20);
  });

  it.each(['', 'x', '👍👍', ':+1:', '👍 ', 'a'.repeat(10_000)])('refuse %j, naming the field', async (emoji) => {
    const id = await write();
    const refused = await olga.client.refusal(ADD, { input: { messageId: id, emoji } });
    expect(refused.extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path: 'input.emoji' }] });
  });

  it('are for those who may write in the room; to others the message does not exist', async () => {
    const id = await write();
    for (const document of [ADD, REMOVE]) {
      expect((await vera.client.refusal(document, { input: { messageId: id, emoji: '👍' } })).extensions.code).toBe(
        'FORBIDDEN',
      );
      for (const person of [outsider, stranger]) {
        const refused = await person.client.refusal(document, { input: { messageId: id, emoji: '👍' } });
        const missing = await person.client.refusal(document, { input: { messageId: newId(), emoji: '👍' } });
        expect(refused.extensions).toEqual({ code: 'NOT_FOUND' });
        expect(refused.message).toBe(missing.message);
      }
      expect((await olga.client.refusal(document, { input: { messageId: 'x', emoji: '👍' } })).extensions.code).toBe(
        'NOT_FOUND',
      );
    }
  });
});
