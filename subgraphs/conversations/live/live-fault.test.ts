import { LLMock } from '@copilotkit/aimock';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LiveServer, LONG_BYTES } from '#core/model/live-server.fixture';
import { atFileEnd } from '#test/support/file-end';
import type { Person, SeededAgent, SeededRoom } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { SlowSocket } from '#test/support/slow-socket';
import { LiveCaller, readMessages } from './live-caller.fixture.ts';

let live: LiveServer;
let test: TestServer;
let owner: Person;
let agent: SeededAgent;

beforeAll(async () => {
  live = await LiveServer.start();
  atFileEnd(() => live.stop());
  test = await startTestServer({ ...live.variables, LIVE_SESSIONS_PER_ORG: '50' });
  owner = await test.seed.owner();
  agent = await test.seed.agent(owner, { model: 'offline/parley' });
}, 120_000);

beforeEach(() => live.reset());

const talk = async (work: (caller: LiveCaller, room: SeededRoom) => Promise<void>) => {
  const room = await test.seed.room(owner, { agents: [agent] });
  const caller = await LiveCaller.start(owner.client, room.id);
  try {
    await work(caller, room);
  } finally {
    await caller.end().catch(() => {});
    await caller.leave();
  }
};

const SPOKEN = 'one two three';
const ANSWER = `I heard: ${SPOKEN} `;

/** Two turns, the first one spoken: each whole, once, and nothing of it amiss. */
const expectTwoTurns = async (caller: LiveCaller, room: SeededRoom) => {
  await caller.speak(SPOKEN);
  await caller.untilTurn(1);
  await caller.say('And?');
  await caller.untilTurn(2);
  expect(caller.heard(1)).toMatchObject({ audio: ANSWER, words: ANSWER, understood: `${SPOKEN} ` });
  expect(caller.heard(2)).toMatchObject({ audio: 'I heard: And?', words: 'I heard: And?' });
  const indexes = caller.of('LiveAudio').map(({ index }) => index);
  expect(indexes).toEqual(indexes.map((_, index) => index));
  const cursors = caller.events.map(({ cursor }) => cursor);
  expect(new Set(cursors).size).toBe(cursors.length);
  expect((await readMessages(owner.client, room.id)).map(({ text, status }) => [text, status])).toEqual([
    [SPOKEN, 'COMPLETE'],
    [ANSWER.trim(), 'COMPLETE'],
    ['And?', 'COMPLETE'],
    ['I heard: And?', 'COMPLETE'],
  ]);
  expect(await caller.read()).toMatchObject({ state: 'ACTIVE', turns: 2, error: null });
  expect(caller.of('LiveReady')).toHaveLength(1);
};

describe('a live session whose model goes away', () => {
  // setupComplete, transcript, five words, generationComplete, turnComplete, handle.
  const moments = Array.from({ length: 10 }, (_, message) => message);

  it.each(moments)('without a word in place of message %d goes on', (message) =>
    talk(async (caller, room) => {
      live.fault = (moment) => (moment.connection === 1 && moment.message === message ? 'drop' : null);
      await expectTwoTurns(caller, room);
      expect(live.wires.length).toBeGreaterThan(1);
      expect(await caller.read()).toMatchObject({ usage: { totalTokens: 68 } });
      expect(caller.of('LiveTurnRestarted').length).toBeLessThanOrEqual(1);
    }),
  );

  it.each(moments)('after it said so before message %d goes on, and no turn begins again', (message) =>
    talk(async (caller, room) => {
      live.fault = (moment) => (moment.connection === 1 && moment.message === message ? 'go_away' : null);
      await expectTwoTurns(caller, room);
      expect(caller.of('LiveTurnRestarted')).toEqual([]);
      expect(live.wires).toHaveLength(2);
      expect(await caller.read()).toMatchObject({ usage: { totalTokens: 68 } });
    }),
  );

  it('keeps its handle where nobody can read it', () =>
    talk(async (caller) => {
      await caller.say('Hello');
      await caller.untilTurn(1);
      const handleOf = async () => {
        const { rows } = await test
          .pool()
          .query<{ handle: Buffer | null }>('select handle from live_sessions where id = $1', [caller.session.id]);
        return rows[0]?.handle ?? null;
      };
      await expect.poll(handleOf).not.toBeNull();
      expect((await handleOf())?.toString('latin1')).not.toContain('handle-');
      await caller.end();
      expect(await handleOf()).toBeNull();
    }));

  it('and whose handle is no longer taken ends with a reason', () =>
    talk(async (caller) => {
      await caller.say('Hello');
      await caller.untilTurn(1);
      await expect.poll(() => live.open).toBe(1);
      live.forgetful = true;
      live.drop();
      const error = {
        code: 'MODEL_INVALID_REQUEST',
        message: 'Google Gemini refused to open the live session.',
        retryable: false,
      };
      expect(await caller.untilEnded()).toMatchObject({ reason: 'UPSTREAM_FAILED', error });
      expect(await caller.read()).toMatchObject({ state: 'FAILED', endReason: 'UPSTREAM_FAILED', error });
    }));

  it('before it was there says why, and nothing of the key', async () => {
    live.refuseHandshake = 401;
    await talk(async (caller) => {
      const { error } = await caller.untilEnded();
      expect(error).toMatchObject({ code: 'MODEL_AUTHENTICATION', retryable: false });
      expect(JSON.stringify(caller.events)).not.toContain('test-key');
    });
  });
});

describe('a live session ends within seconds where', () => {
  const WITHIN_MS = 5_000;
  const mutate = (person: Person, field: string, type: string, input: Record<string, unknown>) =>
    person.client.request(`mutation ($input: ${type}!) { ${field}(input: $input) { __typename } }`, { input });

  it.each<[string, string, (scene: { person: Person; room: SeededRoom; agent: SeededAgent }) => Promise<unknown>]>([
    [
      'its user is taken out of the room',
      'LEFT_ROOM',
      ({ person, room }) =>
        mutate(owner, 'removeParticipant', 'RemoveParticipantInput', {
          conversationId: room.id,
          participantId: person.id,
        }),
    ],
    [
      'a person takes over from its agent',
      'TAKEN_OVER',
      ({ room }) => mutate(owner, 'takeOverConversation', 'TakeOverConversationInput', { conversationId: room.id }),
    ],
    [
      'its agent is taken out of the room',
      'LEFT_ROOM',
      ({ agent: own, room }) =>
        mutate(owner, 'removeParticipant', 'RemoveParticipantInput', {
          conversationId: room.id,
          participantId: own.id,
        }),
    ],
    ['its user logs out', 'ACCESS_REVOKED', ({ person }) => person.client.request('mutation { logOut { sessionId } }')],
    [
      'its user may no longer write',
      'ACCESS_REVOKED',
      async ({ person }) => {
        const { organization } = await owner.client.request<{
          organization: { members: { nodes: { id: string; user: { id: string } }[] } };
        }>('{ organization { members(first: 100) { nodes { id user { id } } } } }');
        const memberId = organization.members.nodes.find(({ user }) => user.id === person.id)?.id;
        return mutate(owner, 'changeMemberRole', 'ChangeMemberRoleInput', { memberId, roleId: 'VIEWER' });
      },
    ],
    [
      'its agent is archived',
      'AGENT_UNAVAILABLE',
      ({ agent: own }) => mutate(owner, 'archiveAgent', 'ArchiveAgentInput', { agentId: own.id }),
    ],
  ])('%s', async (_, reason, end) => {
    const person = await test.seed.member(owner);
    const own = await test.seed.agent(owner, { model: 'offline/parley' });
    const room = await test.seed.room(owner, { agents: [own], people: [person] });
    const caller = await LiveCaller.start(person.client, room.id);
    await caller.until(({ __typename }) => __typename === 'LiveReady');
    await end({ person, room, agent: own });
    const endReason = async () => {
      const { rows } = await test
        .pool()
        .query<{ reason: string }>('select end_reason as reason from live_sessions where id = $1', [caller.session.id]);
      return rows[0]?.reason;
    };
    await expect.poll(endReason, { timeout: WITHIN_MS }).toBe(reason);
    await expect.poll(() => live.open).toBe(0);
    await caller.leave();
  });

  it('its room is deleted, and leaves nothing but what it took', async () => {
    const room = await test.seed.room(owner, { agents: [agent] });
    const caller = await LiveCaller.start(owner.client, room.id);
    await caller.say('Hello');
    await caller.untilTurn(1);
    await mutate(owner, 'deleteConversation', 'DeleteConversationInput', { conversationId: room.id });
    await expect.poll(() => live.open, { timeout: WITHIN_MS }).toBe(0);
    await expect.poll(() => caller.ended).toBe(true);
    const { rows } = await test.pool().query(
      `select (select count(*)::int from stream_events where topic = $1) as events,
              (select count(*)::int from stream_heads where topic = $1) as heads,
              (select count(*)::int from stream_producers where id = $1) as producers,
              (select count(*)::int from live_calls where session_id = $1) as calls`,
      [caller.session.id],
    );
    expect(rows).toEqual([{ events: 0, heads: 0, producers: 0, calls: 1 }]);
    await caller.leave();
  });
});

describe('the limits of a live session', () => {
  let limited: TestServer;
  let person: Person;
  let room: SeededRoom;

  beforeAll(async () => {
    limited = await startTestServer({ ...live.variables, LIVE_IDLE_SECONDS: '2', LIVE_TOTAL_SECONDS: '5' });
    person = await limited.seed.owner();
    room = await limited.seed.room(person, { agents: [await limited.seed.agent(person, { model: 'offline/parley' })] });
  }, 120_000);

  it('end one in which nobody says anything', async () => {
    const caller = await LiveCaller.start(person.client, room.id);
    expect(await caller.untilEnded()).toMatchObject({ reason: 'IDLE', error: null });
    await caller.leave();
  });

  it('end one that lasts too long, however lively it is', async () => {
    const caller = await LiveCaller.start(person.client, room.id);
    let over = false;
    const chat = (async () => {
      while (!over) {
        await caller.say('And then?').catch(() => {
          over = true;
        });
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    })();
    expect(await caller.untilEnded()).toMatchObject({ reason: 'TIME_LIMIT', error: null });
    over = true;
    await chat;
    await caller.leave();
  });
});

describe('a client that reads slowly', () => {
  it('holds nobody back, and finds everything when it comes again', () =>
    talk(async (caller) => {
      const PIECES = 150;
      const query = 'subscription ($id: ID!) { liveEvents(sessionId: $id) { __typename ... on LiveAudio { data } } }';
      const slow = await SlowSocket.open(test.url, owner.client.token ?? '', {
        query,
        variables: { id: caller.session.id },
      });
      await caller.say(`Hello [long ${PIECES}]`);
      await caller.untilTurn(1);
      const bytes = () => caller.heard(1).audio.replaceAll(/[^.]/g, '').length;
      expect(bytes()).toBe(PIECES * LONG_BYTES);
      expect(slow.taken).toBeLessThan(1_000);
      slow.close();
      caller.events.length = 0;
      await caller.leave();
      caller.follow(caller.session.cursor);
      await caller.untilTurn(1);
      expect(bytes()).toBe(PIECES * LONG_BYTES);
    }));
});

describe('a live session is not begun where its provider', () => {
  const refusalOf = async (variables: Record<string, string>) => {
    const server = await startTestServer(variables);
    const person = await server.seed.owner();
    const room = await server.seed.room(person, {
      agents: [await server.seed.agent(person, { model: 'offline/parley' })],
    });
    return person.client.refusal(
      'mutation ($input: StartLiveSessionInput!) { startLiveSession(input: $input) { session { id } } }',
      { input: { conversationId: room.id } },
    );
  };

  it('is not set up', async () => {
    const { extensions } = await refusalOf({});
    expect(extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path: 'input.model', message: 'No provider offers a live model: set GEMINI_API_KEY.' }],
    });
  }, 60_000);

  it('cannot be reached', async () => {
    const { extensions } = await refusalOf({ GEMINI_API_KEY: 'any', GEMINI_BASE_URL: 'http://127.0.0.1:9' });
    expect(extensions.code).toBe('UNAVAILABLE');
  }, 60_000);
});

describe('the emulator of the Live API that others have written', () => {
  it('is talked with as well', async () => {
    const emulator = new LLMock({ port: 0, host: '127.0.0.1', logLevel: 'silent', chunkSize: 8 });
    await emulator.start();
    atFileEnd(() => emulator.stop());
    emulator.on({ userMessage: 'Good day' }, { content: 'A good day to you as well.' });
    const server = await startTestServer({ GEMINI_API_KEY: 'any', GEMINI_BASE_URL: emulator.url });
    const person = await server.seed.owner();
    const room = await server.seed.room(person, {
      agents: [await server.seed.agent(person, { model: 'offline/parley' })],
    });
    const caller = await LiveCaller.start(person.client, room.id, { modality: 'TEXT' });
    expect(caller.session.model).toBe('gemini/gemini-3.8-live');
    await caller.say('Good day');
    await caller.untilTurn(1);
    expect(caller.heard(1).words).toBe('A good day to you as well.');
    await caller.leave();
  }, 60_000);
});
