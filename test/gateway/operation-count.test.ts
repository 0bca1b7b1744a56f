import { beforeAll, describe, expect, it } from 'vitest';
import { withAdmin } from '../support/database.ts';
import type { Person, SeededRoom } from '../support/seed.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { RawSocket } from './raw-socket.fixture.ts';

const REQUESTS = 'parley_graphql_request_seconds_count';
const OPERATIONS = 'parley_websocket_operations_total';

let test: TestServer;
let owner: Person;
let room: SeededRoom;

beforeAll(async () => {
  test = await startTestServer();
  owner = await test.seed.owner();
  room = await test.seed.room(owner);
}, 120_000);

const read = async () => (await fetch(`${test.url}/metrics`)).text();

/** What each series of a metric has more after than before. */
const growth = async (metric: string, act: () => Promise<unknown>) => {
  const series = async () =>
    new Map(
      [...(await read()).matchAll(new RegExp(`^${metric}\\{(.*)\\} (\\d+)$`, 'gm'))].map(([, labels, count]) => [
        labels ?? '',
        Number(count),
      ]),
    );
  const before = await series();
  await act();
  const after = await series();
  return Object.fromEntries(
    [...after].map(([labels, count]) => [labels, count - (before.get(labels) ?? 0)]).filter(([, more]) => more !== 0),
  );
};

const post = (body: string, headers: Record<string, string> = {}) =>
  fetch(`${test.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  }).then((answer) => answer.text());

const breakConversations = async (act: () => Promise<unknown>) => {
  await withAdmin(test.database.url, (admin) => admin.query('alter table conversations rename to away'));
  try {
    await act();
  } finally {
    await withAdmin(test.database.url, (admin) => admin.query('alter table away rename to conversations'));
  }
};

describe('requests over HTTP are counted by type, outcome and code', () => {
  it.each([
    ['a query', '{ viewer { role { id } } }', 'operation="query",outcome="ok",code="none"'],
    [
      'a mutation',
      'mutation { createConversation(input: {title: "a"}) { conversation { id } } }',
      'operation="mutation",outcome="ok",code="none"',
    ],
    ['what is not valid', '{ nothing }', 'operation="none",outcome="client_error",code="BAD_USER_INPUT"'],
    ['what cannot be read', '{', 'operation="none",outcome="client_error",code="BAD_USER_INPUT"'],
    [
      'what is not found',
      'mutation { sendMessage(input: {conversationId: "nowhere", text: "hi"}) { message { id } } }',
      'operation="mutation",outcome="client_error",code="NOT_FOUND"',
    ],
  ])('%s', async (_, query, expected) => {
    expect(await growth(REQUESTS, () => owner.client.send(query))).toEqual({ [expected]: 1 });
  });

  it('what is our fault', async () => {
    const grown = await growth(REQUESTS, () =>
      breakConversations(() => owner.client.send('{ conversations { nodes { id } } }')),
    );
    expect(grown).toEqual({ 'operation="query",outcome="error",code="INTERNAL"': 1 });
  });

  it('what never became an operation; a page for browsers is none', async () => {
    const grown = await growth(REQUESTS, async () => {
      await post('{"query":"{ __typename }"}', { authorization: 'Bearer wrong' });
      await post('no JSON');
      await (await fetch(`${test.url}/graphql`, { headers: { accept: 'text/html' } })).text();
    });
    expect(grown).toEqual({
      'operation="none",outcome="client_error",code="UNAUTHENTICATED"': 1,
      'operation="none",outcome="client_error",code="BAD_USER_INPUT"': 1,
    });
  });

  it('a repeated mutation as one', async () => {
    const body = { query: 'mutation { createConversation(input: {title: "a"}) { conversation { id } } }' };
    const again = () =>
      post(JSON.stringify(body), { authorization: `Bearer ${owner.client.token}`, 'idempotency-key': 'again' });
    await again();
    expect(await growth(REQUESTS, again)).toEqual({ 'operation="mutation",outcome="ok",code="none"': 1 });
  });
});

describe('operations over WebSocket are counted alike', () => {
  it('and not as requests over HTTP', async () => {
    const socket = await RawSocket.init(test.url, { authorization: `Bearer ${owner.client.token}` });
    const say = (id: string, query: string) => socket.say({ type: 'subscribe', id, payload: { query } });
    let requests = {};
    const grown = await growth(OPERATIONS, async () => {
      requests = await growth(REQUESTS, async () => {
        await say('1', '{ viewer { role { id } } }');
        await socket.hear('next', '1');
        await say('2', '{ nothing }');
        await socket.hear('error', '2');
        await say('3', `subscription { conversationEvents(conversationId: "${room.id}") { cursor } }`);
        await say('4', 'subscription { conversationEvents(conversationId: "no id") { cursor } }');
        await socket.hear('next', '4');
        await breakConversations(async () => {
          await say('5', '{ conversations { nodes { id } } }');
          await socket.hear('next', '5');
        });
      });
    });
    socket.close();
    expect(requests).toEqual({});
    expect(grown).toEqual({
      'operation="query",outcome="ok",code="none"': 1,
      'operation="none",outcome="client_error",code="BAD_USER_INPUT"': 1,
      'operation="subscription",outcome="ok",code="none"': 1,
      'operation="subscription",outcome="client_error",code="NOT_FOUND"': 1,
      'operation="query",outcome="error",code="INTERNAL"': 1,
    });
  });
});

it('no name that a client chose becomes a label', async () => {
  const name = 'ChosenByTheClient';
  await owner.client.send(`query ${name} { viewer { role { id } } }`);
  await owner.client.refusal(`query ${name} { ${name} }`);
  const text = await read();
  expect(text).toContain('process_cpu_seconds_total');
  expect(text).not.toContain(name);
});
