import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Person } from '../support/seed.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { RawSocket } from './raw-socket.fixture.ts';

let test: TestServer;
let owner: Person;

beforeAll(async () => {
  test = await startTestServer();
  owner = await test.seed.owner();
}, 120_000);

interface Answer {
  data?: Record<string, unknown> | null;
  errors?: { message: string; extensions: { code: string; fields?: { path: string }[] } }[];
}

const post = async (body: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${test.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${owner.client.token}`, ...headers },
    body,
  });
  return { status: response.status, ...((await response.json()) as Answer) };
};

const cursor = (...parts: string[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');

describe('what nobody sends by mistake is the fault of the request, not of the server:', () => {
  it.each([
    ['a name that no operation has', '{ viewer { permissions } }', 'nope'],
    ['a name from the prototype of objects', '{ viewer { permissions } }', '__proto__'],
    [
      'several operations and no name',
      'query A { viewer { permissions } } query B { viewer { permissions } }',
      undefined,
    ],
  ])('%s', async (_, query, operationName) => {
    const { status, errors } = await post(JSON.stringify({ query, operationName }), {
      accept: 'application/graphql-response+json',
    });
    expect([status, errors?.[0]?.extensions]).toMatchObject([
      400,
      { code: 'BAD_USER_INPUT', fields: [{ path: 'operationName' }] },
    ]);
  });

  it('variables that are nested too deeply to be written out again', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const body = `{"query":"mutation { logOut { sessionId } }","variables":{"x":${deep}}}`;
    const { errors } = await post(body, { 'idempotency-key': 'deep' });
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  it.each(['2027-02-30T00:00:00Z', '+275760-09-13T00:00:00.000Z', 'tomorrow', 1e15])(
    'a moment that is none: %s',
    async (at) => {
      const query = 'mutation ($at: DateTime) { createApiKey(input: { name: "k", expiresAt: $at }) { secret } }';
      expect((await owner.client.refusal(query, { at })).extensions.code).toBe('BAD_USER_INPUT');
    },
  );

  it('text where an object belongs', async () => {
    const query = 'mutation ($m: JSONObject) { createAgent(input: { name: "a", metadata: $m }) { agent { id } } }';
    expect((await owner.client.refusal(query, { m: 'x' })).extensions.code).toBe('BAD_USER_INPUT');
  });

  it.each(['-271821-04-20T00:00:00.000Z', '+275760-09-13T00:00:00.000Z', '0000-01-01T00:00:00.000Z', '2027'])(
    'a forged cursor with the moment %s',
    async (at) => {
      const after = cursor(at, '0192f000-0000-7000-8000-000000000001');
      for (const list of ['conversations', 'agents', 'sessions', 'apiKeys', 'organizations']) {
        const query = `query ($after: String) { ${list}(after: $after) { nodes { id } } }`;
        const { extensions } = await owner.client.refusal(query, { after });
        expect([list, extensions]).toMatchObject([list, { code: 'BAD_USER_INPUT', fields: [{ path: 'after' }] }]);
      }
    },
  );
});

describe('half a character', () => {
  it.each([
    ['updateProfile', 'user'],
    ['updateOrganization', 'organization'],
    ['createOrganization', 'organization'],
    ['createApiKey', 'apiKey'],
  ])('in a name becomes one that can be stored: %s', async (mutation, field) => {
    const query = `mutation ($name: String!) { ${mutation}(input: { name: $name }) { ${field} { name } } }`;
    const data = await owner.client.request<Record<string, Record<string, { name: string }>>>(query, {
      name: 'a\ud800b',
    });
    expect(data[mutation]?.[field]?.name).toBe('a\ufffdb');
  });
});

describe('a refusal', () => {
  it('stays small, however much is wrong', async () => {
    const query = 'mutation ($p: [String!]!) { createRole(input: { name: "r", permissions: $p }) { role { id } } }';
    const { extensions, message } = await owner.client.refusal(query, { p: Array(10_000).fill('nothing') });
    expect([extensions.code, extensions.fields?.length]).toEqual(['BAD_USER_INPUT', 20]);
    expect(message.length).toBeLessThan(5_000);
  });
});

describe('a persisted query', () => {
  it('is not served: a mutation by its hash alone would escape its idempotency key', async () => {
    const query = 'mutation { createConversation(input: { title: "by hash" }) { conversation { id } } }';
    const sha256Hash = createHash('sha256').update(query).digest('hex');
    const extensions = { persistedQuery: { version: 1, sha256Hash } };
    const key = { 'idempotency-key': 'by-hash' };
    const answers = [
      await post(JSON.stringify({ query, extensions }), key),
      await post(JSON.stringify({ extensions }), key),
      await post(JSON.stringify({ query, extensions: { persistedQuery: 1 } }), key),
    ];
    expect(answers.map(({ errors }) => [errors?.[0]?.message, errors?.[0]?.extensions.code])).toEqual(
      answers.map(() => ['PersistedQueryNotSupported', 'BAD_USER_INPUT']),
    );
    expect(await owner.client.request('{ conversations { totalCount } }')).toEqual({
      conversations: { totalCount: 0 },
    });
  });
});

describe('the id of an operation', () => {
  it('is refused where it is long, as it goes with everything that is sent', async () => {
    const socket = await RawSocket.init(test.url, { authorization: `Bearer ${owner.client.token}` });
    const id = 'i'.repeat(100_000);
    await socket.say({ type: 'subscribe', id, payload: { query: '{ viewer { permissions } }' } });
    const { payload } = await socket.hear('error', id);
    expect(payload).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'id' }] } }]);
    socket.close();
  });
});
