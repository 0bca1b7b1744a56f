import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { SEND_MESSAGE, sendMessage } from '#test/support/room-call';
import { holdRoom } from '#test/support/room-gate';
import { EVENT_FIELDS, isFinal, type RoomEvent, RoomReader } from '#test/support/room-reader';
import { ScriptedModel } from '#test/support/scripted-model';
import type { Person, SeededAgent, SeededRoom } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { auditRoom } from '#test/support/stream-audit';

const TAKEOVER = 'agent { id name } by { id name } since';
const TAKE = `mutation ($input: TakeOverConversationInput!) {
  takeOverConversation(input: $input) { takeover { ${TAKEOVER} } conversation { takeovers { ${TAKEOVER} } } }
}`;
const BACK = `mutation ($input: HandBackConversationInput!) {
  handBackConversation(input: $input) { conversation { takeovers { ${TAKEOVER} } } run { id agent { name } } }
}`;
const FIELDS = `${EVENT_FIELDS}
  ... on ConversationTakenOver { takeover { ${TAKEOVER} } } ... on ConversationHandedBack { takeover { ${TAKEOVER} } by { name } }`;

interface Takeover {
  agent: { id: string; name: string } | null;
  by: { id: string; name: string };
  since: string;
}

describe('a person who takes over', { timeout: 60_000 }, () => {
  let test: TestServer;
  let model: ScriptedModel;
  let olga: Person;
  let max: Person;
  let ada: SeededAgent;
  let bob: SeededAgent;

  type Room = SeededRoom & { reader: RoomReader };
  const enter = async (agents = [ada], people: Person[] = []): Promise<Room> => {
    const room = await test.seed.room(olga, { agents, people: [max, ...people] });
    return { ...room, reader: new RoomReader(olga.client, room.id, room.cursor, FIELDS) };
  };
  const leave = async ({ id, cursor, reader }: Room) => {
    const { conversation } = await olga.client.request<{ conversation: { cursor: string } }>(
      'query ($id: ID!) { conversation(id: $id) { cursor } }',
      { id },
    );
    await reader.until((event) => event.cursor === conversation.cursor);
    await reader.close();
    await auditRoom(test.pool(), id, reader.events, cursor);
  };
  const over = (room: Room, runId: string | undefined) =>
    room.reader.until((event: RoomEvent) => isFinal(event) && event.run?.id === runId);
  const take = async (room: Room, more: object = {}, person = max) =>
    (
      await person.client.request<{
        takeOverConversation: { takeover: Takeover; conversation: { takeovers: Takeover[] } };
      }>(TAKE, { input: { conversationId: room.id, ...more } })
    ).takeOverConversation;
  const handBack = async (room: Room, more: object = {}, person = max) =>
    (
      await person.client.request<{
        handBackConversation: {
          conversation: { takeovers: Takeover[] };
          run: { id: string; agent: { name: string } } | null;
        };
      }>(BACK, { input: { conversationId: room.id, ...more } })
    ).handBackConversation;
  const answererOf = async (room: Room, text: string) => {
    const { run } = await sendMessage(olga.client, room.id, text);
    if (run) await over(room, run.id);
    return run?.agent.id ?? null;
  };
  const code = async (person: Person, query: string, input: object) =>
    (await person.client.refusal(query, { input })).extensions.code;

  beforeAll(async () => {
    model = await ScriptedModel.start();
    test = await startTestServer(model.variables);
    olga = await test.seed.owner('Olga');
    max = await test.seed.member(olga, 'MEMBER', 'Max');
    ada = await test.seed.agent(olga, { name: 'Ada', model: model.modelId });
    bob = await test.seed.agent(olga, { name: 'Bob', model: model.modelId });
  }, 120_000);

  afterAll(() => model?.stop());

  it('silences the agents of a room until it is handed back, which may have the last message answered', async () => {
    const room = await enter([ada, bob]);
    const { takeover, conversation } = await take(room);
    expect(takeover).toMatchObject({ agent: null, by: { id: max.id, name: 'Max' } });
    expect(conversation.takeovers).toEqual([takeover]);
    const calls = model.calls.length;
    for (const text of ['Hello', '@Bob, and you?']) expect(await answererOf(room, text)).toBeNull();
    expect(await code(olga, SEND_MESSAGE, { conversationId: room.id, text: 'Hi', agentId: ada.id })).toBe('CONFLICT');
    await sendMessage(max.client, room.id, 'I am here, what is it?');
    await sendMessage(olga.client, room.id, 'Tell me, @Bob', { whenBusy: 'INTERRUPT' });
    expect(model.calls.length).toBe(calls);

    const back = await handBack(room, { answer: true }, olga);
    expect(back).toMatchObject({ conversation: { takeovers: [] }, run: { agent: { name: 'Bob' } } });
    await over(room, back.run?.id);
    expect(JSON.stringify(model.calls.at(-1)?.body)).toMatch(/Hello.*I am here.*Tell me/);
    expect(await answererOf(room, 'Thanks')).toBe(ada.id);
    const told = room.reader.events.filter(({ __typename }) => __typename.startsWith('Conversation'));
    expect(told).toMatchObject([
      { __typename: 'ConversationTakenOver', takeover },
      { __typename: 'ConversationHandedBack', takeover, by: { name: 'Olga' } },
    ]);
    await leave(room);
  });

  it('may silence one agent alone, in whose place nobody answers who is not meant', async () => {
    const room = await enter([ada, bob]);
    await take(room, { agentId: ada.id });
    expect(await answererOf(room, 'Hello')).toBe(bob.id);
    expect(await answererOf(room, '@Ada, you?')).toBeNull();
    expect(await code(olga, SEND_MESSAGE, { conversationId: room.id, text: 'Hi', agentId: ada.id })).toBe('CONFLICT');
    await take(room, {}, olga);
    expect(await answererOf(room, 'Hello')).toBeNull();
    // What was taken over for itself stays with whoever took it.
    expect((await handBack(room, {}, olga)).conversation.takeovers).toMatchObject([{ agent: { name: 'Ada' } }]);
    expect(await answererOf(room, 'Hello')).toBe(bob.id);
    expect((await handBack(room, { agentId: ada.id })).conversation.takeovers).toEqual([]);
    expect((await take(room, { agentId: bob.id })).conversation.takeovers).toMatchObject([{ agent: { name: 'Bob' } }]);
    await olga.client.request(
      'mutation ($input: RemoveParticipantInput!) { removeParticipant(input: $input) { removedParticipantId } }',
      { input: { conversationId: room.id, participantId: bob.id } },
    );
    expect((await take(room, { agentId: ada.id })).conversation.takeovers).toMatchObject([{ agent: { name: 'Ada' } }]);
    await handBack(room, { agentId: ada.id });
    expect(await answererOf(room, 'Hello')).toBe(ada.id);
    await leave(room);
  });

  it.each([
    [
      'the room',
      'mutation ($room: ID!, $user: ID!) { removeParticipant(input: {conversationId: $room, participantId: $user}) { removedParticipantId } }',
    ],
    ['the organization', 'mutation ($member: ID!) { removeMember(input: {memberId: $member}) { removedMemberId } }'],
    ['everything', 'mutation ($user: ID!) { erasePerson(input: {userId: $user}) { erasedUserId } }'],
  ])('ends where whoever took over has left %s', async (_, leaveIt) => {
    const gone = await test.seed.member(olga, 'MEMBER', 'Gone');
    const room = await enter([ada], [gone]);
    await take(room, {}, gone);
    expect(await answererOf(room, 'Hello')).toBeNull();
    const { viewer } = await olga.client.request<{
      viewer: { organization: { members: { nodes: { id: string; user: { id: string } }[] } } };
    }>('{ viewer { organization { members(first: 100) { nodes { id user { id } } } } } }');
    const member = viewer.organization.members.nodes.find(({ user }) => user.id === gone.id)?.id;
    await olga.client.request(leaveIt, { room: room.id, user: gone.id, member });
    await room.reader.until(({ __typename }) => __typename === 'ConversationHandedBack');
    expect(await answererOf(room, 'Hello')).toBe(ada.id);
    await leave(room);
  });

  it('stops, with the erasure of a person, the answers to him', async () => {
    const gone = await test.seed.member(olga, 'MEMBER', 'Gone');
    const room = await enter([ada], [gone]);
    model.next(model.held('So far').play);
    const asked = await sendMessage(gone.client, room.id, 'Hello');
    await room.reader.until(({ text }) => text === 'So far');
    await olga.client.request('mutation ($user: ID!) { erasePerson(input: {userId: $user}) { erasedUserId } }', {
      user: gone.id,
    });
    expect((await over(room, asked.run?.id)).run?.state).toBe('CANCELLED');
    await room.reader.until(({ __typename }) => __typename === 'PersonErased');
    await leave(room);
  });

  it('stops what is under way, or lets it end', async () => {
    const room = await enter();
    model.next(model.held('So far').play);
    const first = await sendMessage(olga.client, room.id, 'one');
    await room.reader.until(({ text }) => text === 'So far');
    const queued = await sendMessage(olga.client, room.id, 'two');
    await take(room);
    expect((await over(room, first.run?.id)).run?.state).toBe('CANCELLED');
    expect((await over(room, queued.run?.id)).run?.state).toBe('CANCELLED');
    const retry = 'mutation ($input: RetryRunInput!) { retryRun(input: $input) { run { id } } }';
    expect(await code(olga, retry, { runId: queued.run?.id })).toBe('CONFLICT');
    await handBack(room);

    const held = model.held('It goes');
    model.next(held.play);
    const second = await sendMessage(olga.client, room.id, 'three');
    await room.reader.until(({ text }) => text === 'It goes');
    const behind = await sendMessage(olga.client, room.id, 'four');
    await take(room, { runs: 'LET_END' });
    expect((await over(room, behind.run?.id)).run?.state).toBe('CANCELLED');
    held.finish(' on.');
    expect((await over(room, second.run?.id)).run?.state).toBe('SUCCEEDED');
    const again = 'mutation ($input: RegenerateReplyInput!) { regenerateReply(input: $input) { run { id } } }';
    const reply = room.reader.events.find(({ message }) => message?.text === 'It goes on.')?.message?.id;
    expect(await code(olga, again, { messageId: reply })).toBe('CONFLICT');
    // What was left unanswered is; what an agent wrote last is not.
    const { run } = await handBack(room, { answer: true });
    await over(room, run?.id);
    expect(JSON.stringify(model.calls.at(-1)?.body)).toMatch(/four/);
    await take(room);
    expect((await handBack(room, { answer: true })).run).toBeNull();
    await leave(room);
  });

  it.each([
    ['taken over', TAKE],
    ['handed back', BACK],
  ])('says of an agent that is not there that it cannot be %s', async (_, query) => {
    const room = await enter();
    for (const agentId of ['x', '', '__proto__', newId()]) {
      expect(await code(max, query, { conversationId: room.id, agentId })).toBe('BAD_USER_INPUT');
    }
    await room.reader.close();
  });

  it('wins against a message that comes behind him at the very moment', async () => {
    const room = await enter();
    const gate = await holdRoom(test.pool(), room.id);
    const taking = take(room);
    await gate.waiting(1);
    const sending = sendMessage(olga.client, room.id, 'Hello');
    await gate.release();
    await taking;
    expect((await sending).run).toBeNull();
    await leave(room);
  });

  it('is one at a time, and one who may', async () => {
    const room = await enter();
    const { takeover } = await take(room);
    expect((await take(room)).takeover).toEqual(takeover);
    const input = { conversationId: room.id };
    expect(await code(olga, TAKE, input)).toBe('CONFLICT');
    expect(await code(olga, TAKE, { ...input, agentId: bob.id })).toBe('BAD_USER_INPUT');
    const outsider = await test.seed.member(olga, 'MEMBER', 'Ina');
    const { createRole } = await olga.client.request<{ createRole: { role: { id: string } } }>(
      'mutation ($input: CreateRoleInput!) { createRole(input: $input) { role { id } } }',
      {
        input: {
          name: newId(),
          permissions: ['conversations:read', 'conversations:write', 'agents:read', 'organization:read'],
        },
      },
    );
    const writer = await test.seed.member(olga, createRole.role.id, 'Wim');
    for (const query of [TAKE, BACK]) {
      expect(await code(outsider, query, input)).toBe('NOT_FOUND');
      expect(await code(writer, query, input)).toBe('FORBIDDEN');
    }
    const before = await handBack(room, {}, olga);
    expect(before.conversation.takeovers).toEqual([]);
    expect((await handBack(room, { answer: true })).run).toBeNull();
    await leave(room);
  });
});
