import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeCursor } from '#core/graphql/pagination';
import { SEND_MESSAGE, type SentMessage, sendMessage } from '#test/support/room-call';
import { isFinal, RoomReader } from '#test/support/room-reader';
import { ScriptedModel } from '#test/support/scripted-model';
import type { Person, SeededAgent, SeededRoom } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

interface History {
  nodes: { id: string; text: string; status: string; author: { name: string } }[];
  edges: { cursor: string }[];
  totalCount: number;
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

const HISTORY = `nodes { id text status author { ... on User { name } ... on Agent { name } } } edges { cursor }
  totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;

describe('messages', { timeout: 60_000 }, () => {
  let test: TestServer;
  let model: ScriptedModel;
  let olga: Person;
  let max: Person;
  let ada: SeededAgent;
  let adaLovelace: SeededAgent;
  let bob: SeededAgent;

  const history = async (person: Person, roomId: string, args: string): Promise<History> =>
    (
      await person.client.request<{ conversation: { messages: History } }>(
        `query ($id: ID!) { conversation(id: $id) { messages(${args}) { ${HISTORY} } } }`,
        { id: roomId },
      )
    ).conversation.messages;

  /** Writes and waits for the answer to end. */
  const converse = async (person: Person, room: SeededRoom, text: string, input: Record<string, unknown> = {}) => {
    const reader = new RoomReader(person.client, room.id, room.cursor);
    const sent = await sendMessage(person.client, room.id, text, input);
    if (sent.run) await reader.until((event) => isFinal(event) && event.run?.id === sent.run?.id);
    await reader.close();
    return sent;
  };

  const draft = (name: string) => test.seed.agent(olga, { name, publish: false });
  const archive = (agent: SeededAgent) =>
    olga.client.request('mutation ($id: ID!) { archiveAgent(input: { agentId: $id }) { agent { id } } }', {
      id: agent.id,
    });

  beforeAll(async () => {
    model = await ScriptedModel.start();
    test = await startTestServer(model.variables);
    olga = await test.seed.owner('Olga');
    max = await test.seed.member(olga, 'MEMBER', 'Max');
    const scripted = { model: model.modelId };
    ada = await test.seed.agent(olga, { name: 'Ada', ...scripted });
    adaLovelace = await test.seed.agent(olga, { name: 'Ada Lovelace', ...scripted });
    bob = await test.seed.agent(olga, { name: 'Bob', ...scripted });
  }, 120_000);

  afterAll(() => model?.stop());

  it('are read forward and backward, in pages of every size', async () => {
    const room = await test.seed.room(olga);
    const texts = Array.from({ length: 9 }, (_, n) => `message ${n}`);
    for (const text of texts) await sendMessage(olga.client, room.id, text);
    for (let size = 1; size <= 10; size++) {
      const forward: string[] = [];
      for (let after: string | null = null; ; ) {
        const page = await history(olga, room.id, `first: ${size}${after ? `, after: "${after}"` : ''}`);
        expect(page.totalCount).toBe(9);
        expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
        forward.push(...page.nodes.map(({ text }) => text));
        after = page.pageInfo.endCursor;
        expect(after).toBe(page.edges.at(-1)?.cursor);
        if (!page.pageInfo.hasNextPage) break;
      }
      expect(forward).toEqual(texts);
      const backward: string[] = [];
      for (let before: string | null = null; ; ) {
        const page = await history(olga, room.id, `last: ${size}${before ? `, before: "${before}"` : ''}`);
        expect(page.pageInfo.hasNextPage).toBe(before !== null);
        backward.unshift(...page.nodes.map(({ text }) => text));
        before = page.pageInfo.startCursor;
        if (!page.pageInfo.hasPreviousPage) break;
      }
      expect(backward).toEqual(texts);
    }
    expect((await history(olga, room.id, 'first: 0')).pageInfo).toMatchObject({ hasNextPage: true, endCursor: null });
    expect((await history(olga, room.id, 'first: 200')).nodes).toHaveLength(9);
    expect((await history(olga, room.id, `after: "${encodeCursor('m', 10n ** 17n)}"`)).nodes).toEqual([]);
  });

  it('refuse pages that are too large and cursors that are none, by the name of the argument', async () => {
    const room = await test.seed.room(olga);
    const cases = [
      ['first: 201', 'first'],
      ['last: 1000', 'last'],
      ['first: -1', 'first'],
      ['first: 1, last: 1', 'last'],
      ['first: 1, before: "x"', 'before'],
      ['after: "nonsense"', 'after'],
      [`after: "${encodeCursor('r', 1)}"`, 'after'],
      [`before: "${encodeCursor('m', '1; drop table messages')}"`, 'before'],
      [`before: "${encodeCursor('m', '9'.repeat(40))}"`, 'before'],
      [`after: "${room.cursor}"`, 'after'],
    ];
    for (const [args, path] of cases) {
      const refused = await olga.client.refusal(
        `query ($id: ID!) { conversation(id: $id) { messages(${args}) { totalCount } } }`,
        { id: room.id },
      );
      expect(refused.extensions.code, args).toBe('BAD_USER_INPUT');
      expect(refused.extensions.fields?.map((field) => field.path)).toEqual([path]);
    }
  });

  it('are answered by the agent that is named, else mentioned, else the first', async () => {
    const room = await test.seed.room(olga, { agents: [bob, ada, adaLovelace], people: [max] });
    const cases: [string, Record<string, unknown>, SeededAgent][] = [
      ['Good morning', {}, bob],
      ['What does @ada say?', {}, ada],
      ['What does @Ada Lovelace say to @Bob?', {}, adaLovelace],
      ['@Adam is nobody here', {}, bob],
      ['mail me at someone@ada.example', {}, bob],
      ['@Bob, are you there?', { agentId: ada.id }, ada],
    ];
    for (const [text, input, expected] of cases) {
      const { run } = await converse(max, room, text, input);
      expect(run?.agent.id, text).toBe(expected.id);
    }
    const quiet = await test.seed.room(olga, { people: [max] });
    expect((await converse(max, quiet, 'Anybody @Ada?')).run).toBeNull();
  });

  it('are answered by those who can: neither by one out of use nor by one that was never published', async () => {
    const old = await test.seed.agent(olga, { name: 'Old' });
    const room = await test.seed.room(olga, { agents: [old, await draft('New'), ada, bob] });
    const send = async (text: string, input = {}) => (await converse(olga, room, text, input)).run?.agent.id;
    expect(await send('Good morning')).toBe(old.id);
    await archive(old);
    expect(await send('Good morning')).toBe(ada.id);
    expect(await send('What does @New say?')).toBe(ada.id);
    expect(await send('What do @Old and @Bob say?')).toBe(bob.id);
  });

  it('are refused where the agent that is named cannot answer', async () => {
    const old = await test.seed.agent(olga, { name: 'Old' });
    const never = await draft('New');
    const room = await test.seed.room(olga, { agents: [ada, old, never] });
    await archive(old);
    for (const agent of [old, never]) {
      const input = { conversationId: room.id, text: 'Good morning', agentId: agent.id };
      const { extensions } = await olga.client.refusal(SEND_MESSAGE, { input });
      expect(extensions).toMatchObject({ code: 'CONFLICT', fields: [{ path: 'input.agentId' }] });
    }
    expect((await history(olga, room.id, 'last: 1')).totalCount).toBe(0);
  });

  it('reach the model with the names of their speakers where there are several', async () => {
    const alone = await test.seed.room(olga, { agents: [ada] });
    model.calls.length = 0;
    await converse(olga, alone, 'Just us');
    expect(model.calls.at(-1)?.body.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Just us' },
    ]);

    const room = await test.seed.room(olga, { agents: [ada, bob], people: [max] });
    model.next(model.answer('I am Ada.'), model.answer('And I am Bob.'), model.answer('Noted.'));
    await converse(olga, room, 'Who is there?');
    await converse(max, room, '@Bob and you?');
    await converse(olga, room, 'Thanks', { agentId: ada.id });
    const asked = model.calls.at(-1)?.body.messages as { role: string; content: unknown }[];
    const said = asked.map(({ role, content }) => `${role}> ${textOf(content)}`);
    expect(said).toEqual([
      expect.stringMatching(/^system> Be brief\.\n\nYou are Ada\. Several take part/),
      'user> Olga: Who is there?',
      'assistant> I am Ada.',
      'user> Max: @Bob and you?\nBob (agent): And I am Bob.\nOlga: Thanks',
    ]);
    expect(
      (await history(max, room.id, 'first: 20')).nodes.map(({ author, text }) => `${author.name}: ${text}`),
    ).toEqual([
      'Olga: Who is there?',
      'Ada: I am Ada.',
      'Max: @Bob and you?',
      'Bob: And I am Bob.',
      'Olga: Thanks',
      'Ada: Noted.',
    ]);
  });

  it('take effect once however often a key is sent at the same moment', async () => {
    const room = await test.seed.room(olga, { agents: [ada], people: [max] });
    const input = { conversationId: room.id, text: 'Once' };
    const key = { 'idempotency-key': 'one-and-only' };
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => olga.client.send<{ sendMessage: SentMessage }>(SEND_MESSAGE, { input }, key)),
    );
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.every(({ status, errors }) => status === 200 && !errors)).toBe(true);
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') !== 'true')).toHaveLength(1);

    const other = await olga.client.send(SEND_MESSAGE, { input: { ...input, text: 'Twice' } }, key);
    expect(other.errors?.[0]?.extensions.code).toBe('CONFLICT');

    // The key belongs to its caller: somebody else in the room, and another organization, may use the same.
    await sendMessage(max.client, room.id, 'Once', {}, key);
    const stranger = await test.seed.owner('Stranger');
    const elsewhere = await test.seed.room(stranger);
    await sendMessage(stranger.client, elsewhere.id, 'Once', {}, key);

    const reader = new RoomReader(olga.client, room.id, room.cursor);
    await reader.until(() => reader.events.filter(isFinal).length === 2);
    await reader.close();
    const { nodes } = await history(olga, room.id, 'first: 20');
    expect(nodes.filter(({ text }) => text === 'Once').map(({ author }) => author.name)).toEqual(['Olga', 'Max']);
    expect((await history(stranger, elsewhere.id, 'first: 20')).totalCount).toBe(1);
  });

  it('that are refused may be sent again with the same key once they fit', async () => {
    const key = { 'idempotency-key': 'second-try' };
    const room = await test.seed.room(olga);
    const input = { conversationId: room.id, text: 'Hello' };
    const early = await max.client.send(SEND_MESSAGE, { input }, key);
    expect(early.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    await olga.client.request(
      'mutation ($input: AddParticipantsInput!) { addParticipants(input: $input) { conversation { id } } }',
      { input: { conversationId: room.id, userIds: [max.id] } },
    );
    const sent = await sendMessage(max.client, room.id, 'Hello', {}, key);
    expect(await sendMessage(max.client, room.id, 'Hello', {}, key)).toEqual(sent);
    expect((await history(max, room.id, 'first: 20')).totalCount).toBe(1);
  });

  it('that a model writes may hold anything that JSON can carry', async () => {
    const room = await test.seed.room(olga, { agents: [ada] });
    model.next(model.answer('nul \u0000, half \ud83d, whole 🎈'));
    await converse(olga, room, 'Anything');
    const { nodes } = await history(olga, room.id, 'last: 1');
    expect(nodes).toMatchObject([{ status: 'COMPLETE', text: 'nul \ufffd, half \ufffd, whole 🎈' }]);
  });

  it('show what is written so far to whoever loads the room meanwhile, who then misses nothing', async () => {
    const room = await test.seed.room(olga, { agents: [ada] });
    const held = model.held('The beginning');
    model.next(held.play);
    const early = new RoomReader(olga.client, room.id, room.cursor);
    await sendMessage(olga.client, room.id, 'Go on');
    const delta = await early.until(({ __typename }) => __typename === 'MessageDelta');
    const { conversation } = await olga.client.request<{
      conversation: { cursor: string; messages: { nodes: { id: string; text: string; status: string }[] } };
    }>('query ($id: ID!) { conversation(id: $id) { messages(last: 1) { nodes { id text status } } cursor } }', {
      id: room.id,
    });
    expect(conversation.messages.nodes).toEqual([{ id: delta.messageId, text: 'The beginning', status: 'STREAMING' }]);
    const late = new RoomReader(olga.client, room.id, conversation.cursor);
    held.finish(' and the end.');
    await late.until(isFinal);
    expect(`The beginning${late.textOf(delta.messageId ?? '')}`).toBe('The beginning and the end.');
    await Promise.all([early.close(), late.close()]);
  });
});

/** A message's content as chat completions carry it: a text, or parts. */
const textOf = (content: unknown): string =>
  Array.isArray(content) ? content.map((part: { text: string }) => part.text).join('') : String(content);
