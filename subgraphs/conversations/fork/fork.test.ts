import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendMessage } from '#test/support/room-call';
import { isFinal, RoomReader } from '#test/support/room-reader';
import { ScriptedModel } from '#test/support/scripted-model';
import type { Person, SeededAgent, SeededRoom } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { download, upload } from '../attachment/upload.fixture.ts';

const ROOM = `id title cursor unreadCount
  participants { __typename ... on User { id } ... on Agent { id } }
  forkedFrom { at conversation { id title } message { id text } }
  messages(last: 50) { nodes {
    id text status createdAt run { id } siblingCount attachments { id url } author { ... on User { id } ... on Agent { id } }
  } }`;
const FORK = `mutation ($input: ForkConversationInput!) { forkConversation(input: $input) { conversation { ${ROOM} } } }`;

interface Forked {
  id: string;
  title: string;
  cursor: string;
  unreadCount: number;
  participants: { __typename: string; id: string }[];
  forkedFrom: { conversation: { id: string; title: string }; message: { id: string; text: string } | null } | null;
  messages: {
    nodes: {
      id: string;
      text: string;
      status: string;
      createdAt: string;
      run: unknown;
      siblingCount: number;
      attachments: { id: string; url: string }[];
      author: { id: string };
    }[];
  };
}

describe('a room that is forked', { timeout: 60_000 }, () => {
  let test: TestServer;
  let model: ScriptedModel;
  let olga: Person;
  let max: Person;
  let ada: SeededAgent;

  const say = async (room: SeededRoom, text: string, answer: string, person = olga, more: object = {}) => {
    const reader = new RoomReader(person.client, room.id, null);
    model.next(model.answer(answer));
    const sent = await sendMessage(person.client, room.id, text, more as Record<string, unknown>);
    for (let done = false; !done; ) {
      const { run } = await olga.client.request<{ run: { state: string } }>(
        'query ($id: ID!) { run(id: $id) { state } }',
        { id: sent.run?.id },
      );
      done = !['QUEUED', 'RUNNING'].includes(run.state);
    }
    await reader.close();
    return sent.message.id;
  };
  const fork = async (person: Person, messageId: string | undefined, more: object = {}) =>
    (
      await person.client.request<{ forkConversation: { conversation: Forked } }>(FORK, {
        input: { messageId, ...more },
      })
    ).forkConversation.conversation;
  const textsOf = ({ messages }: Forked) => messages.nodes.map(({ text }) => text);
  const read = async (person: Person, id: string) =>
    (
      await person.client.request<{ conversation: Forked }>(`query ($id: ID!) { conversation(id: $id) { ${ROOM} } }`, {
        id,
      })
    ).conversation;

  beforeAll(async () => {
    model = await ScriptedModel.start();
    test = await startTestServer(model.variables);
    olga = await test.seed.owner('Olga');
    max = await test.seed.member(olga, 'MEMBER', 'Max');
    ada = await test.seed.agent(olga, { name: 'Ada', model: model.modelId });
  }, 120_000);

  afterAll(() => model?.stop());

  it('goes on from a message, on its own, and says where it came from', async () => {
    const room = await test.seed.room(olga, { agents: [ada], people: [max], title: 'Origin' });
    const file = (await upload(olga.client, 'a note', 'note.txt', 'text/plain')).attachment;
    await say(room, 'Of cats', 'Cats purr.', olga, { attachmentIds: [file?.id] });
    const middle = await say(room, 'Of dogs', 'Dogs bark.', max);
    await say(room, 'Of mice', 'Mice squeak.');

    const made = await fork(max, middle);
    expect(textsOf(made)).toEqual(['Of cats', 'Cats purr.', 'Of dogs']);
    expect(made).toMatchObject({
      title: 'Origin',
      unreadCount: 0,
      forkedFrom: { conversation: { id: room.id, title: 'Origin' }, message: { id: middle, text: 'Of dogs' } },
    });
    expect(made.participants.map(({ id }) => id).sort()).toEqual([max.id, ada.id].sort());
    const original = await read(olga, room.id);
    expect(original.forkedFrom).toBeNull();
    for (const [index, copy] of made.messages.nodes.entries()) {
      const { id, createdAt, author } = original.messages.nodes[index] ?? {};
      expect(copy).toMatchObject({ createdAt, author, run: null, siblingCount: 1 });
      expect(copy.id).not.toBe(id);
    }

    // Its stream begins behind the copies: what is older is to be loaded.
    const reader = new RoomReader(max.client, made.id, made.cursor);
    const late = new RoomReader(max.client, made.id, Buffer.from('["e","1"]').toString('base64url'));
    model.next(model.answer('They wag.'));
    const sent = await sendMessage(max.client, made.id, 'And?');
    await reader.until((event) => isFinal(event) && event.run?.id === sent.run?.id);
    const prompt = JSON.stringify(model.calls.at(-1)?.body);
    expect(prompt).toMatch(/Of cats.*Cats purr.*Of dogs.*And\?/);
    expect(prompt).not.toMatch(/bark|mice/);
    expect((await late.until(() => true)).__typename).toBe('StreamGap');
    expect(textsOf(await read(max, made.id))).toEqual(['Of cats', 'Cats purr.', 'Of dogs', 'And?', 'They wag.']);
    expect(textsOf(await read(max, room.id))).toHaveLength(6);
    await Promise.all([reader.close(), late.close()]);

    // The file is the same, and stays when the room that it was sent to goes.
    const [attached] = made.messages.nodes[0]?.attachments ?? [];
    expect(attached?.id).toBe(file?.id);
    await olga.client.request(
      'mutation ($id: ID!) { deleteConversation(input: {conversationId: $id}) { deletedConversationId } }',
      {
        id: room.id,
      },
    );
    expect(await (await download(max.client, `/attachments/${file?.id}`)).text()).toBe('a note');
    expect((await read(max, made.id)).forkedFrom).toBeNull();
  });

  it('takes along whom it is asked to, and is called as it is asked to', async () => {
    const room = await test.seed.room(olga, { agents: [ada], people: [max] });
    const message = await say(room, 'Hello', 'Welcome.');
    const all = await fork(olga, message, { title: 'Anew', withPeople: true });
    expect(all.title).toBe('Anew');
    expect(all.participants.map(({ id }) => id).sort()).toEqual([olga.id, max.id, ada.id].sort());
    expect((await read(max, all.id)).unreadCount).toBe(0);
    const alone = await fork(max, message, { withAgents: false });
    expect(alone.participants).toEqual([{ __typename: 'User', id: max.id }]);
    expect((await sendMessage(max.client, alone.id, 'Anybody?')).run).toBeNull();
    // Whoever comes later sees where it came from only as far as he may read that.
    const ina = await test.seed.member(olga, 'MEMBER', 'Ina');
    const look = 'query ($id: ID!) { conversation(id: $id) { id } }';
    expect((await ina.client.refusal(look, { id: alone.id })).extensions.code).toBe('NOT_FOUND');
    await max.client.request(
      'mutation ($input: AddParticipantsInput!) { addParticipants(input: $input) { conversation { id } } }',
      { input: { conversationId: alone.id, userIds: [ina.id] } },
    );
    expect(await read(ina, alone.id)).toMatchObject({ forkedFrom: null });
  });

  it('has the history of the version that it is forked from, without what was taken back or is being written', async () => {
    const room = await test.seed.room(olga, { agents: [ada] });
    const cats = await say(room, 'Of cats', 'Cats purr.');
    model.next(model.answer('Dogs bark.'));
    const reader = new RoomReader(olga.client, room.id, room.cursor);
    const { editMessage } = await olga.client.request<{
      editMessage: { message: { id: string }; run: { id: string } };
    }>('mutation ($input: EditMessageInput!) { editMessage(input: $input) { message { id } run { id } } }', {
      input: { messageId: cats, text: 'Of dogs' },
    });
    await reader.until((event) => isFinal(event) && event.run?.id === editMessage.run.id);
    const hidden = (
      await test.pool().query<{ id: string }>("select id from messages where text = 'Cats purr.' order by id desc")
    ).rows[0]?.id;
    expect(textsOf(await fork(olga, hidden))).toEqual(['Of cats', 'Cats purr.']);

    model.next(model.held('Wrong').play);
    await sendMessage(olga.client, room.id, 'More');
    await reader.until(({ text }) => text === 'Wrong');
    const held = model.held('Being');
    model.next(held.play);
    const last = await sendMessage(olga.client, room.id, 'No', { whenBusy: 'ROLLBACK' });
    await reader.until(({ text }) => text === 'Being');
    const now = await read(olga, room.id);
    const streaming = now.messages.nodes.find(({ status }) => status === 'STREAMING');
    expect((await olga.client.refusal(FORK, { input: { messageId: streaming?.id } })).extensions.code).toBe('CONFLICT');
    expect(textsOf(await fork(olga, last.message.id))).toEqual(['Of dogs', 'Dogs bark.', 'More', 'No']);
    held.finish(' written.');
    await reader.until((event) => isFinal(event) && event.run?.id === last.run?.id);
    await reader.close();
  });

  it('is made by those who may read the room, and found when somebody is erased', async () => {
    const room = await test.seed.room(olga, { agents: [ada], people: [max] });
    const message = await say(room, 'A secret of Max', 'Noted.', max);
    const ina = await test.seed.member(olga, 'MEMBER', 'Ina');
    expect((await ina.client.refusal(FORK, { input: { messageId: message } })).extensions.code).toBe('NOT_FOUND');
    expect((await olga.client.refusal(FORK, { input: { messageId: message, title: ' ' } })).extensions.code).toBe(
      'BAD_USER_INPUT',
    );
    const made = await fork(olga, message);
    await olga.client.request('mutation ($id: ID!) { erasePerson(input: {userId: $id}) { erasedUserId } }', {
      id: max.id,
    });
    for (let text = 'A secret of Max'; text !== ''; ) {
      text = textsOf(await read(olga, made.id))[0] ?? '';
    }
    const { rows } = await test.pool().query("select 1 from messages where text like '%secret of Max%'");
    expect(rows).toEqual([]);
  });
});
