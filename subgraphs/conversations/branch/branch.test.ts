import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendMessage } from '#test/support/room-call';
import { holdRoom } from '#test/support/room-gate';
import { EVENT_FIELDS, isFinal, type RoomEvent, RoomReader } from '#test/support/room-reader';
import { ScriptedModel } from '#test/support/scripted-model';
import type { Person, SeededAgent, SeededRoom } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { auditRoom } from '#test/support/stream-audit';

const EDIT = 'mutation ($input: EditMessageInput!) { editMessage(input: $input) { message { id } run { id } } }';
const AGAIN = 'mutation ($input: RegenerateReplyInput!) { regenerateReply(input: $input) { run { id } } }';
const SELECT = `mutation ($input: SelectBranchInput!) {
  selectBranch(input: $input) { message { id isShown } conversation { messages(last: 50) { nodes { text } } } }
}`;
const FIELDS = `${EVENT_FIELDS} ... on BranchSelected { shown: messageId replacedMessageId }`;
const LOOK = `query ($id: ID!) {
  conversation(id: $id) { unreadCount messages(last: 50) { totalCount nodes {
    id text isShown siblingIndex siblingCount siblings { text }
  } } }
}`;

interface Seen {
  id: string;
  text: string;
  isShown: boolean;
  siblingIndex: number;
  siblingCount: number;
  siblings: { text: string }[];
}

describe('versions of messages', { timeout: 60_000 }, () => {
  let test: TestServer;
  let model: ScriptedModel;
  let olga: Person;
  let max: Person;
  let ada: SeededAgent;

  type Room = SeededRoom & { reader: RoomReader };
  const enter = async (agents = [ada]): Promise<Room> => {
    const room = await test.seed.room(olga, { agents, people: [max] });
    return { ...room, reader: new RoomReader(olga.client, room.id, room.cursor, FIELDS) };
  };
  const leave = async ({ id, cursor, reader }: Room) => {
    await reader.close();
    await auditRoom(test.pool(), id, reader.events, cursor);
  };
  const over = (room: Room, runId: string | undefined) =>
    room.reader.until((event: RoomEvent) => isFinal(event) && event.run?.id === runId);
  const look = async (room: Room, person = olga) => {
    const { conversation } = await person.client.request<{
      conversation: { unreadCount: number; messages: { totalCount: number; nodes: Seen[] } };
    }>(LOOK, { id: room.id });
    return { ...conversation.messages, unread: conversation.unreadCount };
  };
  const textsOf = async (room: Room) => (await look(room)).nodes.map(({ text }) => text);
  const idOf = async (room: Room, text: string) => (await look(room)).nodes.find((each) => each.text === text)?.id;
  const say = async (room: Room, text: string, answer: string) => {
    model.next(model.answer(answer));
    const sent = await sendMessage(olga.client, room.id, text);
    await over(room, sent.run?.id);
    return sent.message.id;
  };
  const edit = async (room: Room, messageId: string | undefined, text: string, answer: string, more: object = {}) => {
    model.next(model.answer(answer));
    const { editMessage } = await olga.client.request<{
      editMessage: { message: { id: string }; run: { id: string } | null };
    }>(EDIT, { input: { messageId, text, ...more } });
    if (editMessage.run) await over(room, editMessage.run.id);
    return editMessage.message.id;
  };
  const again = async (room: Room, messageId: string | undefined, answer: string, more: object = {}) => {
    model.next(model.answer(answer));
    const { regenerateReply } = await max.client.request<{ regenerateReply: { run: { id: string } } }>(AGAIN, {
      input: { messageId, ...more },
    });
    await over(room, regenerateReply.run.id);
    return regenerateReply.run.id;
  };
  const select = async (messageId: string | undefined, person = max) => {
    const { selectBranch } = await person.client.request<{
      selectBranch: { message: { isShown: boolean }; conversation: { messages: { nodes: { text: string }[] } } };
    }>(SELECT, { input: { messageId } });
    expect(selectBranch.message.isShown).toBe(true);
    return selectBranch.conversation.messages.nodes.map(({ text }) => text);
  };
  const lastPrompt = () => JSON.stringify(model.calls.at(-1)?.body);

  beforeAll(async () => {
    model = await ScriptedModel.start();
    test = await startTestServer(model.variables);
    olga = await test.seed.owner('Olga');
    max = await test.seed.member(olga, 'MEMBER', 'Max');
    ada = await test.seed.agent(olga, { name: 'Ada', model: model.modelId });
  }, 120_000);

  afterAll(() => model?.stop());

  it('are made by editing: the new one is shown and answered, the earlier one kept with what followed', async () => {
    const room = await enter();
    await say(room, 'Hello', 'Welcome.');
    const cats = await say(room, 'Of cats', 'Cats purr.');
    await say(room, 'More', 'Cats sleep.');
    const dogs = await edit(room, cats, 'Of dogs', 'Dogs bark.');

    const now = await look(room);
    expect(now.totalCount).toBe(4);
    expect(now.nodes.map(({ text }) => text)).toEqual(['Hello', 'Welcome.', 'Of dogs', 'Dogs bark.']);
    expect(now.nodes.map(({ siblingIndex, siblingCount }) => [siblingIndex, siblingCount])).toEqual([
      [0, 1],
      [0, 1],
      [1, 2],
      [0, 1],
    ]);
    expect(now.nodes[2]?.siblings.map(({ text }) => text)).toEqual(['Of cats', 'Of dogs']);
    expect(lastPrompt()).toMatch(/Hello.*Welcome.*Of dogs/);
    expect(lastPrompt()).not.toMatch(/cats|More/i);
    const told = room.reader.events.find(({ __typename }) => __typename === 'BranchSelected');
    expect(told).toMatchObject({ shown: dogs, replacedMessageId: cats });

    const { message } = await max.client.request<{ message: Seen }>(
      'query ($id: ID!) { message(id: $id) { text isShown siblingIndex siblingCount } }',
      { id: cats },
    );
    expect(message).toEqual({ text: 'Of cats', isShown: false, siblingIndex: 0, siblingCount: 2 });

    // Back, on, and to the other one again: each keeps what it has.
    expect(await select(cats)).toEqual(['Hello', 'Welcome.', 'Of cats', 'Cats purr.', 'More', 'Cats sleep.']);
    await say(room, 'And eat?', 'Cats eat fish.');
    expect(lastPrompt()).toMatch(/Cats purr.*Cats sleep.*And eat/);
    expect(lastPrompt()).not.toContain('ogs');
    expect(await select(dogs, olga)).toEqual(['Hello', 'Welcome.', 'Of dogs', 'Dogs bark.']);
    expect((await select(cats)).at(-1)).toBe('Cats eat fish.');
    await leave(room);
  });

  it('are made by answering once more, by the same agent or another', async () => {
    const bob = await test.seed.agent(olga, { name: 'Bob', model: model.modelId });
    const room = await enter([ada, bob]);
    await say(room, 'A number', 'One.');
    await say(room, 'Another', 'Two.');
    await again(room, await idOf(room, 'One.'), 'Seven.');
    expect(await textsOf(room)).toEqual(['A number', 'Seven.']);
    expect(lastPrompt()).not.toMatch(/One|Another|Two/);
    await again(room, await idOf(room, 'Seven.'), 'Nine.', { agentId: bob.id });
    const now = await look(room);
    expect(now.nodes.map(({ text }) => text)).toEqual(['A number', 'Nine.']);
    expect(now.nodes[1]).toMatchObject({ siblingIndex: 2, siblingCount: 3 });
    expect(now.nodes[1]?.siblings.map(({ text }) => text)).toEqual(['One.', 'Seven.', 'Nine.']);
    const { rows } = await test.pool().query<{ id: string }>("select id from messages where text = 'One.'");
    expect(await select(rows[0]?.id)).toEqual(['A number', 'One.', 'Another', 'Two.']);
    await leave(room);
  });

  it('nest: of a message behind another version, and of a version itself', async () => {
    const room = await enter();
    const a = await say(room, 'a', 'A.');
    const b = await edit(room, a, 'b', 'B.');
    const c = await say(room, 'c', 'C.');
    const d = await edit(room, c, 'd', 'D.');
    const e = await edit(room, b, 'e', 'E.');
    expect(await textsOf(room)).toEqual(['e', 'E.']);
    expect((await look(room)).nodes[0]?.siblings.map(({ text }) => text)).toEqual(['a', 'b', 'e']);
    expect(await select(b)).toEqual(['b', 'B.', 'd', 'D.']);
    expect(await select(c)).toEqual(['b', 'B.', 'c', 'C.']);
    expect(await select(a)).toEqual(['a', 'A.']);
    expect(await select(d)).toEqual(['b', 'B.', 'd', 'D.']);
    expect(await select(e)).toEqual(['e', 'E.']);
    await leave(room);
  });

  it('are refused while a run goes on, or made once it was cancelled; what it still writes stays with its version', async () => {
    const room = await enter();
    const first = await say(room, 'one', 'First.');
    const other = await edit(room, first, 'uno', 'Primo.');
    const held = model.held('Going');
    model.next(held.play);
    const busy = await sendMessage(olga.client, room.id, 'due');
    await room.reader.until(({ text }) => text === 'Going');
    const reply = (await look(room)).nodes.at(-1)?.id;
    for (const [query, input] of [
      [EDIT, { messageId: other, text: 'x' }],
      [AGAIN, { messageId: reply }],
      [SELECT, { messageId: first }],
    ] as const) {
      expect((await olga.client.refusal(query, { input })).extensions.code).toBe('CONFLICT');
    }
    const queue = { input: { messageId: other, text: 'x', whenBusy: 'ENQUEUE' } };
    expect((await olga.client.refusal(EDIT, queue)).extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path: 'input.whenBusy' }],
    });
    await again(room, reply, 'Secondo.', { whenBusy: 'INTERRUPT' });
    expect((await over(room, busy.run?.id)).run?.state).toBe('CANCELLED');
    expect(await textsOf(room)).toEqual(['uno', 'Primo.', 'due', 'Secondo.']);
    expect(await select(reply)).toEqual(['uno', 'Primo.', 'due', 'Going']);
    await leave(room);
  });

  it('follow their run: what that of an earlier version begins to write is not shown', async () => {
    const speaker = (name: string) => test.seed.agent(olga, { name, model: model.modelId, instructions: `<${name}>` });
    const [eva, lou] = [await speaker('Eva'), await speaker('Lou')];
    const nodes = [
      { key: 'eva', agentId: eva.id },
      { key: 'lou', agentId: lou.id },
    ];
    const team = await test.seed.agent(olga, { name: 'Talk', team: { nodes, groupChat: { maxRounds: 1 } } });
    const room = await enter([team]);
    const held = model.held('Eva');
    model.script('<Eva>', held.play, model.answer('Eva again.'));
    const sent = await sendMessage(olga.client, room.id, 'Talk');
    await room.reader.until(({ text }) => text === 'Eva');
    const gate = await holdRoom(test.pool(), room.id);
    const editing = edit(room, sent.message.id, 'Talk anew', 'unused', { whenBusy: 'INTERRUPT' });
    await gate.waiting(1);
    held.finish(' speaks.');
    await gate.waiting(2);
    await gate.release();
    await editing;
    const texts = await textsOf(room);
    expect(texts).toContain('Talk anew');
    expect(texts).toContain('Eva again.');
    expect(texts).not.toContain('Eva speaks.');
    const shownOf = async (runId: string | undefined) =>
      (
        await test
          .pool()
          .query<{ shown: boolean }>('select distinct is_shown as shown from messages where run_id = $1', [runId])
      ).rows;
    expect(await shownOf(sent.run?.id)).toEqual([{ shown: false }]);
    // Of a team, what one of its members said stands for the whole answer.
    const run = await again(room, await idOf(room, 'Eva again.'), 'unused');
    expect(await shownOf(run)).toEqual([{ shown: true }]);
    expect(await textsOf(room)).not.toContain('Eva again.');
    await leave(room);
  });

  it('are paged, counted as unread, found and written down as they are shown', async () => {
    const room = await enter();
    const quokka = await say(room, 'quokka', 'A quokka smiles.');
    await say(room, 'more quokka', 'It is small.');
    expect((await look(room, max)).unread).toBe(4);
    await edit(room, quokka, 'wombat', 'A wombat digs.');
    expect((await look(room, max)).unread).toBe(2);

    const PAGE = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
      conversation(id: $id) { messages(first: $first, after: $after, last: $last, before: $before) {
        nodes { text } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      } }
    }`;
    type Page = {
      conversation: {
        messages: {
          nodes: { text: string }[];
          pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
        };
      };
    };
    const page = async (args: object) =>
      (await olga.client.request<Page>(PAGE, { id: room.id, ...args })).conversation.messages;
    const front = await page({ first: 1 });
    expect(front).toMatchObject({ nodes: [{ text: 'wombat' }], pageInfo: { hasNextPage: true } });
    const rest = await page({ first: 1, after: front.pageInfo.endCursor });
    expect(rest).toMatchObject({ nodes: [{ text: 'A wombat digs.' }], pageInfo: { hasNextPage: false } });
    const back = await page({ last: 5, before: rest.pageInfo.startCursor });
    expect(back).toMatchObject({ nodes: [{ text: 'wombat' }], pageInfo: { hasPreviousPage: false } });

    const find = async (query: string) =>
      (
        await max.client.request<{ searchMessages: { nodes: { text: string }[]; totalCount: number } }>(
          'query ($query: String!) { searchMessages(query: $query) { nodes { text } totalCount } }',
          { query },
        )
      ).searchMessages;
    expect(await find('quokka')).toEqual({ nodes: [], totalCount: 0 });
    expect((await find('wombat')).totalCount).toBe(2);

    const written = async (format: string) => {
      const { exportConversation } = await max.client.request<{ exportConversation: { url: string } }>(
        'mutation ($input: ExportConversationInput!) { exportConversation(input: $input) { url } }',
        { input: { conversationId: room.id, format } },
      );
      return (await fetch(new URL(exportConversation.url, test.url))).text();
    };
    const markdown = await written('MARKDOWN');
    expect(markdown).toContain('A wombat digs');
    expect(markdown).not.toContain('quokka');
    const { messages } = JSON.parse(await written('JSON')) as {
      messages: { text: string; isShown: boolean; versionOf: string | null }[];
    };
    expect(messages.map(({ text, isShown, versionOf }) => [text, isShown, versionOf])).toEqual([
      ['quokka', false, null],
      ['A quokka smiles.', false, null],
      ['more quokka', false, null],
      ['It is small.', false, null],
      ['wombat', true, quokka],
      ['A wombat digs.', true, null],
    ]);
    await select(quokka);
    expect((await look(room, max)).unread).toBe(4);
    expect((await find('quokka')).totalCount).toBe(3);
    expect((await find('wombat')).totalCount).toBe(0);
    await leave(room);
  });

  it('go with what an organization keeps no longer, and leave the others whole', async () => {
    const room = await enter();
    const old = await say(room, 'old', 'Old answer.');
    const young = await edit(room, old, 'young', 'Young answer.');
    await leave(room);
    await test.pool().query('delete from messages where id = $1', [old]);
    const { nodes } = await look(room);
    expect(nodes.map(({ text, siblingCount }) => [text, siblingCount])).toEqual([
      ['young', 1],
      ['Young answer.', 1],
    ]);
    await olga.client.request(EDIT, { input: { messageId: young, text: 'younger' } });
    expect((await look(room)).nodes[0]).toMatchObject({ text: 'younger', siblingIndex: 1, siblingCount: 2 });
  });

  it('are made without a word of somebody who is erased, whoever had his message answered once more', async () => {
    const ina = await test.seed.member(olga, 'MEMBER', 'Ina');
    const clerk = await test.seed.agent(olga, {
      name: 'Cleo',
      model: model.modelId,
      tools: [{ name: 'current_time' }],
    });
    const room = await test.seed.room(olga, { agents: [clerk], people: [max, ina] });
    const entered = { ...room, reader: new RoomReader(olga.client, room.id, room.cursor, FIELDS) };
    const asked = () => model.callTools(['current_time', { timeZone: 'Where Ina lives' }]);
    model.next(asked(), model.answer('Late.'));
    const sent = await sendMessage(ina.client, room.id, 'What time is it where I live?');
    await over(entered, sent.run?.id);
    const late = await idOf(entered, 'Late.');
    model.next(asked());
    await again(entered, late, 'Later.');
    await entered.reader.close();
    const inputs = async () =>
      (
        await test
          .pool()
          .query<{ input: unknown }>(
            "select input from steps s join runs r on r.id = s.run_id where r.conversation_id = $1 and s.kind = 'TOOL'",
            [room.id],
          )
      ).rows.map(({ input }) => input);
    expect(await inputs()).toHaveLength(2);
    await olga.client.request('mutation ($id: ID!) { erasePerson(input: {userId: $id}) { erasedUserId } }', {
      id: ina.id,
    });
    for (let open = true; open; ) {
      const { rows } = await test
        .pool()
        .query('select 1 from erasures where user_id = $1 and finished_at is not null', [ina.id]);
      open = rows.length === 0;
    }
    expect(await inputs()).toEqual([null, null]);
  });

  it('are made by those who may, of what there is', async () => {
    const room = await enter();
    const mine = await say(room, 'mine', 'Yours.');
    const reply = await idOf(room, 'Yours.');
    const outsider = await test.seed.member(olga, 'MEMBER', 'Ina');
    const reader = await test.seed.member(olga, 'ADMIN', 'Rea');
    const code = async (person: Person, query: string, input: object) =>
      (await person.client.refusal(query, { input })).extensions.code;
    expect(await code(max, EDIT, { messageId: mine, text: 'his' })).toBe('FORBIDDEN');
    expect(await code(olga, EDIT, { messageId: reply, text: 'hers' })).toBe('FORBIDDEN');
    expect(await code(olga, EDIT, { messageId: mine, text: ' ' })).toBe('BAD_USER_INPUT');
    expect(await code(olga, AGAIN, { messageId: mine })).toBe('CONFLICT');
    for (const [query, input] of [
      [EDIT, { messageId: mine, text: 'x' }],
      [AGAIN, { messageId: reply }],
      [SELECT, { messageId: mine }],
    ] as const) {
      expect(await code(outsider, query, input)).toBe('NOT_FOUND');
      expect(await code(reader, query, input)).toBe('FORBIDDEN');
      expect(await code(olga, query, { ...input, messageId: 'no id' })).toBe('NOT_FOUND');
    }
    // Shown already: nothing happens.
    const before = room.reader.events.length;
    expect(await select(mine)).toEqual(['mine', 'Yours.']);
    expect(room.reader.events.length).toBe(before);
    await leave(room);
  });

  it('are shown of one another as far as an answer may go, and no further', async () => {
    const room = await enter([]);
    const { message } = await sendMessage(olga.client, room.id, 'first');
    for (let count = 1; count < 75; count++) {
      await olga.client.request(EDIT, { input: { messageId: message.id, text: `version ${count}` } });
    }
    const query = 'query ($id: ID!) { message(id: $id) { siblings { siblings { id } } } }';
    const refusal = await olga.client.refusal(query, { id: message.id });
    expect(refusal.extensions.code).toBe('BAD_USER_INPUT');
    expect(refusal.message).toContain('more than 5,000 entries');
    const { message: found } = await olga.client.request<{ message: { siblings: object[] } }>(
      'query ($id: ID!) { message(id: $id) { siblings { id siblingCount } } }',
      { id: message.id },
    );
    expect(found.siblings).toHaveLength(75);
    await leave(room);
  });
});
