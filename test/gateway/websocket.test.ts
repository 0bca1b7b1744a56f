import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { withAdmin } from '../support/database.ts';
import type { Person, SeededRoom } from '../support/seed.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type ProtocolMessage, RawSocket } from './raw-socket.fixture.ts';

const FRIEND = 'https://friend.example';
const FOLLOW = 'subscription ($id: ID!) { conversationEvents(conversationId: $id) { __typename cursor } }';

let test: TestServer;
let owner: Person;
let room: SeededRoom;
const opened: RawSocket[] = [];

beforeAll(async () => {
  test = await startTestServer({ ALLOWED_ORIGINS: FRIEND, TRUSTED_PROXIES: '127.0.0.1' });
  owner = await test.seed.owner();
  room = await test.seed.room(owner);
}, 120_000);

afterEach(() => {
  for (const socket of opened.splice(0)) socket.close();
});

const open = (options?: ConstructorParameters<typeof RawSocket>[1]): RawSocket => {
  const socket = new RawSocket(test.url, options);
  opened.push(socket);
  return socket;
};

const init = async (token: string | null = owner.client.token): Promise<RawSocket> => {
  const socket = await RawSocket.init(test.url, token ? { authorization: `Bearer ${token}` } : {});
  opened.push(socket);
  return socket;
};

interface Shown {
  message: string;
  extensions: { code: string; limit?: { name: string }; [key: string]: unknown };
}

/** Whatever errors an operation is answered with, as an error or within an answer. */
const errorsOf = async (socket: RawSocket, query: string, variables = {}): Promise<Shown[]> => {
  const id = String(socket.received.length + Math.random());
  await socket.say({ type: 'subscribe', id, payload: { query, variables } });
  const isAnswer = (message: ProtocolMessage) => message.id === id;
  while (!socket.received.some(isAnswer)) {
    if (socket.ended) throw new Error(socket.ended);
    await sleep(10);
  }
  const { type, payload } = socket.received.find(isAnswer) as ProtocolMessage;
  return type === 'error' ? (payload as Shown[]) : ((payload as { errors?: Shown[] }).errors ?? []);
};

const answerOf = async (socket: RawSocket, query: string, variables = {}) => {
  await socket.say({ type: 'subscribe', id: query, payload: { query, variables } });
  return (await socket.hear('next', query)).payload;
};

describe('who gets in', () => {
  it.each([
    ['a page of this server', () => test.url, 'in'],
    ['a page that is allowed', () => FRIEND, 'in'],
    ['no page', () => undefined, 'in'],
    ['a page of another site', () => 'https://evil.example', 'HTTP 403'],
    ['a page of a neighbour’s port', () => 'http://127.0.0.1:1', 'HTTP 403'],
    ['a page without an origin', () => 'null', 'HTTP 403'],
    ['a page of a name that begins alike', () => `${FRIEND}.evil.example`, 'HTTP 403'],
  ])('%s', async (_, origin, expected) => {
    const value = origin();
    const socket = open(value ? { origin: value } : {});
    if (expected === 'in') {
      await socket.say({ type: 'connection_init' });
      expect(await socket.hear('connection_ack')).toBeTruthy();
    } else expect(await socket.end()).toBe(expected);
  });

  it.each([
    ['a token that is none', { authorization: 'Bearer wrong' }],
    ['another scheme', { authorization: 'Basic YTpi' }],
    ['a credential that is no text', { authorization: 42 }],
    ['a list', { authorization: ['Bearer wrong'] }],
    ['a key that nobody made', { Authorization: `Bearer pk_${'x'.repeat(40)}` }],
  ])('nobody with %s', async (_, payload) => {
    const socket = open();
    await socket.say({ type: 'connection_init', payload });
    expect(await socket.end()).toMatch(/^4401 /);
  });

  it('nobody who does not say who he is', async () => {
    const silent = open();
    const hasty = open();
    await hasty.say({ type: 'subscribe', id: '1', payload: { query: '{ __typename }' } });
    expect(await hasty.end()).toMatch(/^4401 /);
    expect(await silent.end()).toMatch(/^4408 /);
  });

  it('nobody on another path or by another protocol', async () => {
    expect(await open({ protocol: 'graphql-ws' }).end()).not.toMatch(/^1000/);
    const elsewhere = await fetch(`${test.url}/graphql/other`, {
      headers: { connection: 'upgrade', upgrade: 'websocket' },
    }).catch(() => null);
    expect(elsewhere?.status ?? 404).toBe(404);
  });
});

describe('junk', () => {
  it.each([
    ['no JSON', 'hello', /^4400 Invalid message received$/],
    ['no object', '42', /^4400 /],
    ['no type', '{"id":"1"}', /^4400 /],
    ['an unknown type', '{"type":"grüezi"}', /^4400 /],
    ['what only a server says', '{"type":"next","id":"1","payload":{}}', /^4500 Internal server error$/],
    ['no query', '{"type":"subscribe","id":"1","payload":{}}', /^4400 /],
    ['a second greeting', '{"type":"connection_init"}', /^4429 /],
    ['more than a megabyte', JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(1_100_000) } }), /^1009/],
  ])('%s ends the socket, without a word about the inside', async (_, frame, ending) => {
    const socket = await init();
    await socket.say(frame);
    expect(await socket.end()).toMatch(ending);
    expect(socket.ended).not.toMatch(/node_modules|\.ts|\.js/);
  });

  it('the id of an operation that runs ends the socket', async () => {
    const socket = await init();
    const payload = { query: FOLLOW, variables: { id: room.id } };
    await socket.say({ type: 'subscribe', id: 'same', payload });
    await socket.say({ type: 'subscribe', id: 'same', payload });
    expect(await socket.end()).toMatch(/^4409 /);
  });
});

describe('operations', () => {
  it('of every kind run, as over HTTP', async () => {
    const socket = await init();
    expect(await answerOf(socket, '{ viewer { role { id } } }')).toEqual({
      data: { viewer: { role: { id: 'OWNER' } } },
    });
    const made = await answerOf(
      socket,
      'mutation { createConversation(input: {title: "by socket"}) { conversation { title } } }',
    );
    expect(made).toEqual({ data: { createConversation: { conversation: { title: 'by socket' } } } });
    await socket.say({ type: 'subscribe', id: 's', payload: { query: FOLLOW, variables: { id: room.id } } });
    await sleep(300);
    const send = 'mutation ($id: ID!) { sendMessage(input: {conversationId: $id, text: "hi"}) { message { id } } }';
    await owner.client.request(send, { id: room.id });
    expect((await socket.hear('next', 's')).payload).toMatchObject({
      data: { conversationEvents: { __typename: 'MessageAdded' } },
    });
  });

  it('are refused to the anonymous as over HTTP', async () => {
    const socket = await init(null);
    expect(await answerOf(socket, '{ viewer { role { id } } }')).toEqual({ data: { viewer: null } });
    for (const query of ['{ organization { id } }', 'mutation { logOut { sessionId } }']) {
      expect((await errorsOf(socket, query))[0]?.extensions.code).toBe('UNAUTHENTICATED');
    }
    expect((await errorsOf(socket, FOLLOW, { id: room.id }))[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  it.each([
    [
      'depth',
      `{ conversations { nodes ${'{ messages { nodes { conversation '.repeat(20)} { id } ${'} } }'.repeat(20)} } }`,
    ],
    ['aliases', `subscription { ${Array.from({ length: 40 }, (_, i) => `a${i}: __typename`).join(' ')} }`],
    ['tokens', `{ ${'__typename '.repeat(2_500)} }`],
    ['tokens', `mutation { logOut { ${'sessionId '.repeat(2_500)} } }`],
    ['sourceBytes', `subscription { conversationEvents(conversationId: "x") { at } } #${'x'.repeat(70_000)}`],
    ['cost', '{ conversations(first: 100) { nodes { messages(first: 100) { nodes { id text } } } } }'],
    ['variableDepth', FOLLOW, { id: JSON.parse('['.repeat(40) + ']'.repeat(40)) }],
  ])('that are bombs are refused by their %s', async (limit, query, variables: object = {}) => {
    const socket = await init();
    const errors = await errorsOf(socket, query, variables);
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(errors.map(({ extensions }) => extensions.limit?.name)).toContain(limit);
    expect(socket.ended).toBeNull();
  });

  it('that cannot be told from one another, or do not exist, are refused and do not count', async () => {
    const socket = await init();
    for (let tries = 0; tries < 120; tries++) {
      const errors = await errorsOf(socket, 'query A { __typename } query B { __typename }');
      expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
    expect(await answerOf(socket, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  });

  it('fail without a word about the inside, but with an id to quote', async () => {
    const socket = await init();
    await withAdmin(test.database.url, (admin) => admin.query('alter table conversations rename to away'));
    try {
      const failures = [
        ...(await errorsOf(socket, '{ conversations { nodes { id } } }')),
        ...(await errorsOf(socket, FOLLOW, { id: room.id })),
      ];
      expect(failures.map(({ extensions }) => extensions)).toEqual([{ code: 'INTERNAL' }, { code: 'INTERNAL' }]);
      for (const { message } of failures) {
        expect(message).toMatch(/^Something went wrong on our side\. Quote the request id [0-9a-f-]{36}\.$/);
      }
    } finally {
      await withAdmin(test.database.url, (admin) => admin.query('alter table away rename to conversations'));
    }
  });
});

describe('caps', () => {
  it('hold for operations on a socket, however their ids are used again', async () => {
    const socket = await init();
    const payload = { query: FOLLOW, variables: { id: room.id } };
    for (let id = 0; id < 100; id++) await socket.say({ type: 'subscribe', id: String(id), payload });
    expect((await errorsOf(socket, FOLLOW, { id: room.id }))[0]?.extensions.code).toBe('QUOTA_EXCEEDED');
    // One that ends makes room for one.
    await socket.say({ type: 'complete', id: '7' });
    while ((await errorsOf(socket, '{ __typename }')).length > 0) await sleep(50);
    expect(socket.ended).toBeNull();
  });

  it('hold for queries that are called off while they run', async () => {
    const socket = await init();
    await withAdmin(test.database.url, async (admin) => {
      await admin.query('begin; lock table agents in access exclusive mode');
      for (let count = 0; count < 150; count++) {
        await socket.say({ type: 'subscribe', id: 'again', payload: { query: '{ agents { totalCount } }' } });
        await socket.say({ type: 'complete', id: 'again' });
      }
      await sleep(500);
      expect((await errorsOf(socket, '{ __typename }'))[0]?.extensions.code).toBe('QUOTA_EXCEEDED');
      await admin.query('rollback');
    });
  });

  it('hold for the sockets of a caller, and not for another', async () => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () => init(owner.client.token)));
    const refused = open();
    await refused.say({ type: 'connection_init', payload: { authorization: `Bearer ${owner.client.token}` } });
    expect(await refused.end()).toBe('1013 Too many sockets are open for this caller.');
    expect((await init(null)).ended).toBeNull();
    for (const socket of sockets) socket.close();
    await sleep(200);
    expect((await init()).ended).toBeNull();
  });

  it('hold for the sockets of an address that have not said who they are, and not for another', async () => {
    const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
    const silent = Array.from({ length: 500 }, () => open(from('203.0.113.1')));
    await Promise.all(silent.map((socket) => socket.opened()));
    expect(await open(from('203.0.113.1')).end()).toBe('HTTP 429');
    const other = open(from('203.0.113.2'));
    await other.say({ type: 'connection_init' });
    await other.hear('connection_ack');

    // One that says who it is makes room for one, and so does one that goes.
    await silent[0]?.say({ type: 'connection_init' });
    await silent[0]?.hear('connection_ack');
    await open(from('203.0.113.1')).opened();
    expect(await open(from('203.0.113.1')).end()).toBe('HTTP 429');
    silent[1]?.close();
    await sleep(200);
    await open(from('203.0.113.1')).opened();
    expect(await open(from('203.0.113.1')).end()).toBe('HTTP 429');
  });

  it('do not fill with sockets that go while their credential is looked at', async () => {
    // Nobody has asked about this token yet, and for a while nobody gets an answer.
    const person = await test.seed.member(owner);
    await sleep(2_500);
    await withAdmin(test.database.url, async (admin) => {
      await admin.query('begin; lock table sessions in access exclusive mode');
      const sockets = Array.from({ length: 210 }, () => open());
      await Promise.all(
        sockets.map((socket) =>
          socket.say({ type: 'connection_init', payload: { authorization: `Bearer ${person.client.token}` } }),
        ),
      );
      await sleep(300);
      for (const socket of sockets) socket.close();
      await sleep(300);
      await admin.query('rollback');
    });
    expect((await init(person.client.token)).ended).toBeNull();
  });

  it('hold for what a client leaves unread while it sends', async () => {
    const socket = await init();
    socket.pause();
    const ping = JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(900_000) } });
    for (let count = 0; count < 80; count++) await socket.say(ping);
    await sleep(2_000);
    socket.resume();
    expect(await socket.end()).toMatch(/^1006/);
  });
});
