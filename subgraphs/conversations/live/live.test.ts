import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { LIVE_MODEL, LIVE_USAGE, LiveServer } from '#core/model/live-server.fixture';
import { atFileEnd } from '#test/support/file-end';
import { RoomReader } from '#test/support/room-reader';
import type { Person, SeededAgent, SeededRoom } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { CARD, createOutputRule, KEY, leaksOf, REDACT } from '../guard/guard.fixture.ts';
import { LiveCaller, pcm, readMessages } from './live-caller.fixture.ts';

let live: LiveServer;
let test: TestServer;
let owner: Person;
let agent: SeededAgent;

beforeAll(async () => {
  live = await LiveServer.start();
  atFileEnd(() => live.stop());
  test = await startTestServer({ ...live.variables, LIVE_SESSIONS_PER_ORG: '4' });
  owner = await test.seed.owner();
  agent = await test.seed.agent(owner, { model: 'offline/parley' });
}, 120_000);

beforeEach(() => live.reset());

const USAGE = {
  inputTokens: 20,
  cachedInputTokens: 3,
  toolUseInputTokens: 2,
  outputTokens: 7,
  thinkingTokens: 5,
  totalTokens: 34,
};
const twice = Object.fromEntries(Object.entries(USAGE).map(([name, count]) => [name, 2 * count]));

/** A room with a live session in it that is ended behind the test. */
const talk = async (
  work: (caller: LiveCaller, room: SeededRoom) => Promise<void>,
  input = {},
  people: Person[] = [],
  by: SeededAgent = agent,
) => {
  const room = await test.seed.room(owner, { agents: [by], people });
  const caller = await LiveCaller.start(owner.client, room.id, input);
  try {
    await work(caller, room);
  } finally {
    await caller.end().catch(() => {});
    await caller.leave();
  }
};

describe('rules about what is said in a live session', () => {
  it('keep it out of transcripts, of the messages they leave, and of calls of tools', async () => {
    const guarded = await test.seed.agent(owner, { model: 'offline/parley', tools: [{ name: 'memory_write' }] });
    await createOutputRule(owner, { scope: { agentId: guarded.id }, actions: [REDACT] });
    await talk(
      async (caller, room) => {
        await caller.say(`Say ${CARD} and ${KEY}, please`);
        await caller.untilTurn(1);
        expect(caller.heard(1).words).toBe('I heard: Say [out] and [out], please');
        await caller.say(`[call memory_write {"block":"notes","text":"${CARD}"}]`);
        await caller.untilTurn(2);
        expect(caller.of('LiveToolCall')[0]?.arguments).toEqual({ block: 'notes', text: '[out]' });
        const messages = await readMessages(owner.client, room.id);
        expect(messages.filter(({ by }) => by === 'Agent').map(({ text }) => text)).toEqual([
          caller.heard(1).words,
          caller.heard(2).words,
        ]);
        const spoken = caller.events.map(({ text, arguments: given, result }) => [text, given, result]);
        expect(leaksOf(JSON.stringify(spoken))).toEqual([]);
      },
      {},
      [],
      guarded,
    );
  });
});

describe('a live session', () => {
  it('answers what is written by speech, and leaves messages and counts', () =>
    talk(async (caller, room) => {
      expect(caller.session).toMatchObject({
        state: 'STARTING',
        model: `gemini/${LIVE_MODEL}`,
        modality: 'AUDIO',
        turns: 0,
        usage: null,
        agent: { id: agent.id, name: 'Ada' },
      });
      expect(await caller.say('Hello there')).toEqual({ sequence: 1, duplicate: false });
      const done = await caller.untilTurn(1);
      expect(caller.heard(1)).toEqual({
        audio: 'I heard: Hello there',
        words: 'I heard: Hello there',
        understood: '',
        indexes: [0, 1, 2, 3],
      });
      const messages = await readMessages(owner.client, room.id);
      expect(messages).toEqual([
        { id: done.userMessageId, text: 'Hello there', status: 'COMPLETE', by: 'User' },
        { id: done.agentMessageId, text: 'I heard: Hello there', status: 'COMPLETE', by: 'Agent' },
      ]);
      expect(caller.events[0]).toMatchObject({ __typename: 'LiveReady', resumed: false });
      expect(caller.of('LiveUsage').map(({ usage }) => usage)).toEqual([USAGE]);
      await caller.say('And more');
      await caller.untilTurn(2);
      expect(await caller.read()).toMatchObject({ state: 'ACTIVE', turns: 2, usage: twice });
      const { rows } = await test
        .pool()
        .query('select turn, model, raw_usage from live_calls where session_id = $1 order by turn', [
          caller.session.id,
        ]);
      expect(rows).toEqual([1, 2].map((turn) => ({ turn, model: `gemini/${LIVE_MODEL}`, raw_usage: LIVE_USAGE })));
      expect(live.wires[0]?.setup).toMatchObject({ systemInstruction: { parts: [{ text: 'Be brief.' }] } });
      expect(JSON.stringify(live.wires[0]?.setup)).not.toContain('tools');
    }));

  it('hears speech, and answers in writing where that is wanted', () =>
    talk(
      async (caller, room) => {
        await caller.speak('Good morning Ada');
        await caller.untilTurn(1);
        expect(caller.heard(1)).toMatchObject({
          audio: '',
          words: 'I heard: Good morning Ada',
          understood: 'Good morning Ada',
        });
        expect((await readMessages(owner.client, room.id)).map(({ text }) => text)).toEqual([
          'Good morning Ada',
          'I heard: Good morning Ada',
        ]);
      },
      { modality: 'TEXT' },
    ));

  it('stops where it is spoken over, and says from where on to drop what was not played', () =>
    talk(async (caller, room) => {
      await caller.say('One two three [hold]');
      await expect.poll(() => live.holding).toBe(1);
      await caller.until(({ __typename, index }) => __typename === 'LiveAudio' && index === 1);
      await caller.speak('Stop it');
      await caller.untilTurn(2);
      expect(caller.of('LiveInterrupted')).toMatchObject([{ turn: 1, dropBefore: 2 }]);
      expect(caller.of('LiveTurnCompleted').map(({ interrupted }) => interrupted)).toEqual([true, false]);
      expect(caller.heard(2).indexes[0]).toBe(2);
      const messages = await readMessages(owner.client, room.id);
      expect(messages.map(({ text, status }) => [text.trim(), status])).toEqual([
        ['One two three [hold]', 'COMPLETE'],
        ['I heard:', 'CANCELLED'],
        ['Stop it', 'COMPLETE'],
        ['I heard: Stop it', 'COMPLETE'],
      ]);
    }));

  it('tells the model what was said in the room before', async () => {
    const room = await test.seed.room(owner, { agents: [agent] });
    const reader = new RoomReader(owner.client, room.id, room.cursor);
    await owner.client.request('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { run { id } } }', {
      input: { conversationId: room.id, text: 'My name is Olga' },
    });
    await reader.until(({ run }) => run?.state === 'SUCCEEDED');
    await reader.close();
    const caller = await LiveCaller.start(owner.client, room.id);
    await caller.say('Who am I?');
    await caller.untilTurn(1);
    await caller.end();
    expect(live.wires[0]?.received[0]).toMatchObject({
      clientContent: {
        turnComplete: false,
        turns: [{ role: 'user', parts: [{ text: 'My name is Olga' }] }, { role: 'model' }],
      },
    });
  });

  it('shows its turns to the others in the room, and itself to nobody else', async () => {
    const other = await test.seed.member(owner);
    await talk(
      async (caller, room) => {
        const reader = new RoomReader(other.client, room.id, room.cursor);
        await caller.say('Hello all');
        const end = await reader.until(({ __typename }) => __typename === 'MessageCompleted');
        await reader.close();
        expect(
          reader.events.map(({ __typename, message }) => [
            __typename,
            message?.text,
            message?.status,
            message?.author.name,
          ]),
        ).toEqual([
          ['MessageAdded', 'Hello all', 'COMPLETE', owner.name],
          ['MessageAdded', '', 'STREAMING', 'Ada'],
          ['MessageCompleted', 'I heard: Hello all', 'COMPLETE', 'Ada'],
        ]);
        expect(end.message?.author.__typename).toBe('Agent');
        const unseen = await other.client.refusal('query ($id: ID!) { liveSession(id: $id) { id } }', {
          id: caller.session.id,
        });
        expect(unseen.extensions.code).toBe('NOT_FOUND');
        const refusal = await other.client.refusal(
          'mutation ($input: SendLiveInputInput!) { sendLiveInput(input: $input) { sequence } }',
          { input: { sessionId: caller.session.id, sequence: 2, text: 'Me too' } },
        );
        expect(refusal.extensions.code).toBe('NOT_FOUND');
      },
      {},
      [other],
    );
  });

  it('tells a model that calls a tool which there is not, and goes on', () =>
    talk(async (caller) => {
      await caller.say('Now [call clock]');
      await caller.untilTurn(1);
      expect(caller.of('LiveToolCall')).toMatchObject([{ turn: 1, name: 'clock', arguments: { of: 'Oslo' } }]);
      expect(caller.of('LiveToolResult')).toMatchObject([
        { turn: 1, name: 'clock', result: { error: 'UNKNOWN_TOOL' }, isError: true },
      ]);
      expect(caller.heard(1).words).toContain('There is no tool clock.');
    }));

  it('can be left and followed again from any event, and says what became of it once it has ended', () =>
    talk(async (caller) => {
      await caller.say('One two three');
      await caller.untilTurn(1);
      await caller.end();
      await caller.untilEnded();
      await expect.poll(() => caller.ended).toBe(true);
      const all = [...caller.events];
      for (const [index, { cursor }] of all.slice(0, -1).entries()) {
        caller.events.length = 0;
        caller.follow(cursor);
        await caller.untilEnded();
        expect(caller.events).toEqual(all.slice(index + 1));
        await caller.leave();
      }
      caller.events.length = 0;
      caller.follow(null);
      expect(await caller.untilEnded()).toMatchObject({ reason: 'ENDED_BY_USER', totalUsage: USAGE });
    }));

  it('that was ended twice ended once, keeps what was said, and takes nothing more', () =>
    talk(async (caller, room) => {
      await caller.say('One two three [hold]');
      await expect.poll(() => live.holding).toBe(1);
      await caller.until(({ __typename, index }) => __typename === 'LiveAudio' && index === 1);
      const [first, second] = await Promise.all([caller.end(), caller.end()]);
      expect(first).toMatchObject({ state: 'ENDED', endReason: 'ENDED_BY_USER' });
      expect(second).toMatchObject({ state: 'ENDED', endReason: 'ENDED_BY_USER' });
      await caller.untilEnded();
      await expect.poll(() => live.open).toBe(0);
      expect(caller.of('LiveSessionEnded')).toHaveLength(1);
      expect((await readMessages(owner.client, room.id)).map(({ text, status }) => [text, status])).toEqual([
        ['One two three [hold]', 'COMPLETE'],
        ['I heard:', 'CANCELLED'],
      ]);
      const refusal = await owner.client.refusal(
        'mutation ($input: SendLiveInputInput!) { sendLiveInput(input: $input) { sequence } }',
        { input: { sessionId: caller.session.id, sequence: 2, text: 'More' } },
      );
      expect(refusal.extensions.code).toBe('CONFLICT');
    }));
});

describe('what is sent', () => {
  const SEND = 'mutation ($input: SendLiveInputInput!) { sendLiveInput(input: $input) { sequence duplicate } }';

  it('has one effect, in order, however often and in whichever order it comes', () =>
    talk(async (caller) => {
      const pieces = ['Well, ', 'this ', 'is in ', 'order. '];
      const sent = pieces.flatMap((piece, index) => [
        { sequence: index + 1, audio: pcm(piece) },
        { sequence: index + 1, audio: pcm(piece) },
      ]);
      await Promise.all([...sent].reverse().map(({ sequence, ...input }) => caller.sendAs(sequence, input)));
      expect(await caller.sendAs(2, { audio: pcm('this ') })).toEqual({ sequence: 2, duplicate: true });
      await caller.sendAs(5, { endOfTurn: true });
      await caller.untilTurn(1);
      expect(caller.heard(1).understood.replaceAll(/ +/g, ' ')).toBe('Well, this is in order. ');
    }));

  it('with something missing before it is refused by the number of that', () =>
    talk(async (caller) => {
      const refusal = await owner.client.refusal(SEND, {
        input: { sessionId: caller.session.id, sequence: 3, text: 'Early' },
      });
      expect(refusal.extensions).toMatchObject({
        code: 'CONFLICT',
        fields: [{ path: 'input.sequence', message: 'Input 1 is missing before it: send that first.' }],
      });
      await caller.say('In time');
      await caller.untilTurn(1);
    }));

  const good = pcm('good');
  it.each([
    ['nothing', {}, 'input'],
    ['text and audio', { text: 'a', audio: good }, 'input.audio'],
    ['empty text', { text: '' }, 'input.text'],
    ['long text', { text: 'x'.repeat(10_001) }, 'input.text'],
    ['U+0000', { text: 'a\0b' }, 'input.text'],
    ['no base64', { audio: { ...good, data: 'no base64!' } }, 'input.audio.data'],
    ['base64 that is cut off', { audio: { ...good, data: 'abcde' } }, 'input.audio.data'],
    ['base64url', { audio: { ...good, data: 'ab-_' } }, 'input.audio.data'],
    ['no bytes', { audio: { ...good, data: '' } }, 'input.audio.data'],
    ['half a sample', { audio: { ...good, data: 'AAAA' } }, 'input.audio.data'],
    ['a large piece', { audio: { ...good, data: 'AAAA'.repeat(22_000) } }, 'input.audio.data'],
    ['another type', { audio: { ...good, mimeType: 'audio/mp3' } }, 'input.audio.mimeType'],
    ['PCM without a rate', { audio: { ...good, mimeType: 'audio/pcm' } }, 'input.audio.mimeType'],
    ['a number from before the first', { text: 'a', sequence: 0 }, 'input.sequence'],
  ])('that is %s is refused with the path of it', async (_, input, path) => {
    const refusal = await owner.client.refusal(SEND, { input: { sessionId: newId(), sequence: 1, ...input } });
    expect(refusal.extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path }] });
  });

  it('faster than anybody speaks is refused for a while', () =>
    talk(async (caller) => {
      const second = { data: Buffer.alloc(64_000).toString('base64'), mimeType: 'audio/pcm;rate=16000' };
      const sending = Array.from({ length: 40 }, (_, index) =>
        owner.client.send(SEND, { input: { sessionId: caller.session.id, sequence: index + 1, audio: second } }),
      );
      const codes = (await Promise.all(sending)).flatMap(({ errors }) => errors?.[0]?.extensions.code ?? []);
      expect(codes).toContain('RATE_LIMITED');
    }));
});

describe('a live session is not begun', () => {
  const START = 'mutation ($input: StartLiveSessionInput!) { startLiveSession(input: $input) { session { id } } }';
  const start = (client: Person['client'], input: Record<string, unknown>) => client.refusal(START, { input });

  it('twice at once by one person in one room', () =>
    talk(async (caller, room) => {
      const refusal = await start(owner.client, { conversationId: room.id });
      expect(refusal.extensions).toMatchObject({ code: 'CONFLICT' });
      const { openLiveSessions } = await owner.client.request<{ openLiveSessions: { id: string }[] }>(
        '{ openLiveSessions { id } }',
      );
      expect(openLiveSessions).toEqual([{ id: caller.session.id }]);
    }));

  it('beyond what the organization may have', async () => {
    const callers = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const room = await test.seed.room(owner, { agents: [agent] });
        return LiveCaller.start(owner.client, room.id);
      }),
    );
    const room = await test.seed.room(owner, { agents: [agent] });
    expect((await start(owner.client, { conversationId: room.id })).extensions.code).toBe('QUOTA_EXCEEDED');
    const other = await test.seed.owner('Oscar Other');
    const theirs = await test.seed.room(other, { agents: [await test.seed.agent(other)] });
    const elsewhere = await LiveCaller.start(other.client, theirs.id);
    await Promise.all(
      [...callers, elsewhere].map(async (caller) => {
        await caller.end();
        await caller.leave();
      }),
    );
  });

  it('with a model that is not live, with an agent that is not there, without an agent, by one who is not there', async () => {
    const room = await test.seed.room(owner, { agents: [agent] });
    const empty = await test.seed.room(owner);
    const member = await test.seed.member(owner);
    const stranger = await test.seed.owner('Sam Stranger');
    const viewer = await test.seed.member(owner, 'VIEWER', 'Vic Viewer');
    const watched = await test.seed.room(owner, { agents: [agent], people: [viewer] });
    const attempts = [
      [owner, { conversationId: room.id, model: 'gemini/gemini-2.5-flash' }, 'BAD_USER_INPUT', 'input.model'],
      [owner, { conversationId: room.id, agentId: newId() }, 'BAD_USER_INPUT', 'input.agentId'],
      [owner, { conversationId: empty.id }, 'BAD_USER_INPUT', 'input.conversationId'],
      [owner, { conversationId: room.id, voice: 'a b' }, 'BAD_USER_INPUT', 'input.voice'],
      [member, { conversationId: room.id }, 'NOT_FOUND', undefined],
      [stranger, { conversationId: room.id }, 'NOT_FOUND', undefined],
      [viewer, { conversationId: watched.id }, 'FORBIDDEN', undefined],
    ] as const;
    for (const [person, input, code, path] of attempts) {
      const { extensions } = await start(person.client, input);
      expect({ input, code: extensions.code, path: extensions.fields?.[0]?.path }).toEqual({ input, code, path });
    }
  });
});
