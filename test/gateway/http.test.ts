import { request as httpRequest } from 'node:http';
import { serverAudits } from 'graphql-http';
import { beforeAll, describe, expect, it } from 'vitest';
import { SUBGRAPH_NAMES } from '#core/subgraph/subgraph';
import { withAdmin } from '../support/database.ts';
import type { Person } from '../support/seed.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const FRIEND = 'https://friend.example';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7/;

let test: TestServer;
let owner: Person;

beforeAll(async () => {
  test = await startTestServer({ ALLOWED_ORIGINS: FRIEND });
  owner = await test.seed.owner();
}, 120_000);

const post = (body: string, headers: Record<string, string> = {}) =>
  fetch(`${test.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

const codeOf = async (response: Response) =>
  ((await response.json()) as { errors?: { extensions: { code: string } }[] }).errors?.[0]?.extensions.code;

describe('GraphQL over HTTP, as the audit of graphql-http has it', () => {
  const preflighted: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('apollo-require-preflight', 'true');
    return fetch(input, { ...init, headers });
  };
  const audits = serverAudits({ url: () => `${test.url}/graphql`, fetchFn: preflighted });

  it('has its 61 cases', () => {
    expect(audits).toHaveLength(61);
  });

  it.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s %s', async (_id, _name, audit) => {
    const result = await audit.fn();
    expect(result.status === 'ok' ? 'ok' : result.reason).toBe('ok');
  });
});

describe('a request id', () => {
  it.each([
    ['a new one', undefined, UUID],
    ['the caller’s own', 'trace-42.a:b_c', /^trace-42\.a:b_c$/],
    ['a new one for one that would break a log line', 'a b', UUID],
    ['a new one for one that is too long', 'a'.repeat(101), UUID],
    ['a new one for an empty one', '', UUID],
  ])('is on every answer: %s', async (_, sent, expected) => {
    const headers = sent === undefined ? {} : { 'x-request-id': sent };
    const answers = [
      await post('{"query":"{ __typename }"}', headers),
      await post('{"query":"{ nothing }"}', headers),
      await post('no JSON', headers),
      await post('{"query":"{ __typename }"}', { ...headers, authorization: 'Bearer wrong' }),
      await fetch(`${test.url}/healthz`, { headers }),
      await fetch(`${test.url}/no-such-page`, { headers }),
    ];
    for (const answer of answers) expect(answer.headers.get('x-request-id')).toMatch(expected);
  });
});

describe('a refusal has its code, its status and no more words than it should', () => {
  it.each([
    [
      'a credential that does not hold',
      401,
      'UNAUTHENTICATED',
      '{"query":"{ __typename }"}',
      { authorization: 'Bearer wrong' },
    ],
    [
      'an API key that nobody made',
      401,
      'UNAUTHENTICATED',
      '{"query":"{ __typename }"}',
      { authorization: `Bearer pk_${'x'.repeat(40)}` },
    ],
    ['another scheme', 401, 'UNAUTHENTICATED', '{"query":"{ __typename }"}', { authorization: 'Basic YTpi' }],
    ['no JSON', 400, 'BAD_USER_INPUT', '{"query":', {}],
    [
      'a key that would change a prototype',
      400,
      'BAD_USER_INPUT',
      '{"__proto__":{"a":1},"query":"{ __typename }"}',
      {},
    ],
    ['a list', 400, 'BAD_USER_INPUT', '[{"query":"{ __typename }"}]', {}],
    ['an empty body', 400, 'BAD_USER_INPUT', '', {}],
    ['null', 400, 'BAD_USER_INPUT', 'null', {}],
    ['another type of content', 415, 'BAD_USER_INPUT', '<query/>', { 'content-type': 'application/xml' }],
    [
      'a megabyte and more',
      413,
      'BAD_USER_INPUT',
      JSON.stringify({ query: '{ __typename }', x: 'x'.repeat(1_100_000) }),
      {},
    ],
    [
      'an unknown field',
      400,
      'BAD_USER_INPUT',
      '{"query":"{ nothing }"}',
      { accept: 'application/graphql-response+json' },
    ],
    [
      'a subscription',
      400,
      'BAD_USER_INPUT',
      '{"query":"subscription { conversationEvents(conversationId: 1) { at } }"}',
      { accept: 'application/graphql-response+json' },
    ],
  ])('%s', async (_, status, code, body, headers) => {
    const answer = await post(body, headers as Record<string, string>);
    const text = await answer.clone().text();
    expect({ status: answer.status, code: await codeOf(answer).catch(() => text) }).toEqual({ status, code });
    expect(text).not.toMatch(/node_modules|\.ts:|\.js:|at [A-Z]\w+\./);
  });

  it('a mutation does not come by GET, and a GET that a foreign page could send is refused', async () => {
    const query = encodeURIComponent('mutation { logOut { sessionId } }');
    const preflight = { 'apollo-require-preflight': 'true' };
    expect((await fetch(`${test.url}/graphql?query=${query}`, { headers: preflight })).status).toBe(405);
    const simple = await fetch(`${test.url}/graphql?query=${encodeURIComponent('{ __typename }')}`);
    expect([simple.status, await codeOf(simple)]).toEqual([400, 'BAD_USER_INPUT']);
    const form = await post('{"query":"{ __typename }"}', { 'content-type': 'text/plain' });
    expect([form.status, await codeOf(form)]).toEqual([400, 'BAD_USER_INPUT']);
  });

  it('an internal error says nothing of itself, and names the request', async () => {
    await withAdmin(test.database.url, (admin) => admin.query('alter table agents rename to agents_away'));
    try {
      const { errors, headers, text } = await owner.client.send(
        '{ agents { nodes { id } } }',
        {},
        { 'x-request-id': 'quote-me' },
      );
      expect(headers.get('x-request-id')).toBe('quote-me');
      expect(errors).toEqual([
        {
          message: 'Something went wrong on our side. Quote the request id quote-me.',
          path: ['agents'],
          extensions: { code: 'INTERNAL' },
        },
      ]);
      expect(text).not.toMatch(/relation|agents_away|prisma|stack|42P01/i);
    } finally {
      await withAdmin(test.database.url, (admin) => admin.query('alter table agents_away rename to agents'));
    }
  });
});

describe('bombs are refused', () => {
  const nested = (depth: number) =>
    `{ conversations { nodes ${'{ messages { nodes { conversation '.repeat(depth)} { id } ${'} } }'.repeat(depth)} } }`;
  it.each([
    ['depth', nested(20), {}],
    ['aliases', `{ ${Array.from({ length: 40 }, (_, i) => `a${i}: __typename`).join(' ')} }`, {}],
    [
      'rootFields',
      `{ ${Array.from({ length: 25 }, (_, i) => (i === 0 ? 'viewer { role { id } }' : `a${i}: models { id }`)).join(' ')} }`,
      {},
    ],
    ['tokens', `{ ${'__typename '.repeat(2_500)} }`, {}],
    ['sourceBytes', `{ __typename } #${'x'.repeat(70_000)}`, {}],
    ['directivesPerNode', `query ($t: Boolean = true) { __typename ${'@include(if: $t) '.repeat(5)} }`, {}],
    [
      'cost',
      '{ conversations(first: 100) { nodes { messages(first: 100) { nodes { id text author { __typename } } } } } }',
      {},
    ],
    [
      'cost',
      'query ($n: Int) { conversations(first: $n) { nodes { messages(first: $n) { nodes { id text } } } } }',
      { n: 100 },
    ],
    ['variableBytes', 'query ($id: ID!) { agent(id: $id) { id } }', { id: 'x'.repeat(600_000) }],
    [
      'variableDepth',
      'mutation ($input: CreateAgentInput!) { createAgent(input: $input) { agent { id } } }',
      { input: { metadata: JSON.parse('['.repeat(40) + ']'.repeat(40)) } },
    ],
    ['introspectionLists', '{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }', {}],
  ])('by their %s', async (limit, query, variables) => {
    const { errors } = await owner.client.send(query, variables);
    expect(errors?.map(({ extensions }) => extensions.code)).toContain('BAD_USER_INPUT');
    expect(errors?.map(({ extensions }) => (extensions.limit as { name: string } | undefined)?.name)).toContain(limit);
  });

  it('before 100 deep fragments that double one another are spread', async () => {
    const fragments = Array.from({ length: 60 }, (_, i) => `fragment F${i} on Viewer { ...F${i + 1} ...F${i + 1} }`);
    const { errors } = await owner.client.send(
      `{ viewer { ...F0 } } ${fragments.join(' ')} fragment F60 on Viewer { role { id } }`,
    );
    expect(errors?.[0]?.extensions.limit).toMatchObject({ name: 'fields' });
  });
});

describe('what the API shows of itself', () => {
  it('leaves out what only subgraphs may ask of one another', async () => {
    const { __schema } = await test.client.request<{
      __schema: { types: { name: string; fields: { name: string }[] | null }[] };
    }>('{ __schema { types { name fields { name } } } }');
    const names = __schema.types.flatMap(({ name, fields }) => [name, ...(fields ?? []).map((field) => field.name)]);
    expect(names).toContain('agents');
    const hidden = [
      'authenticate',
      'recheckCredentials',
      'foundInstallation',
      'agentForRun',
      'agentsById',
      '_entities',
      '_service',
      'AuthenticatedViewer',
      'AgentForRun',
      '_Any',
    ];
    expect(names.filter((name) => hidden.includes(name))).toEqual([]);
    for (const query of [
      '{ authenticate(credential: "x") { userId } }',
      'mutation { foundInstallation(input: {email: "a@b.c", password: "12345678", name: "a", organizationName: "b"}) { userId } }',
      '{ _entities(representations: []) { __typename } }',
      '{ _service { sdl } }',
      '{ agentForRun(id: "x") { instructions } }',
    ]) {
      expect((await owner.client.refusal(query)).message).toContain('Cannot query field');
    }
  });
});

describe('what is not there', () => {
  const answerOf = async (method: string, path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${test.url}${path}`, { method, headers });
    const { errors } = (await answer.json()) as { errors: { message: string; extensions: { code: string } }[] };
    return {
      status: answer.status,
      allow: answer.headers.get('allow'),
      id: answer.headers.get('x-request-id'),
      errors,
    };
  };

  it.each([
    ['GET', '/no-such-page'],
    ['POST', '/'.repeat(3)],
    ['GET', '/graphql/other'],
    ['DELETE', '/no-such-page?at=/graphql'],
    ['GET', '/graphiql/no-such-page'],
  ])('is answered as any refusal is: %s %s', async (method, path) => {
    expect(await answerOf(method, path, { 'x-request-id': 'lost' })).toEqual({
      status: 404,
      allow: null,
      id: 'lost',
      errors: [{ message: 'There is no such page.', extensions: { code: 'NOT_FOUND' } }],
    });
  });

  it.each([
    ['PUT', '/graphql', 'GET, HEAD, OPTIONS, POST'],
    ['DELETE', '/graphql?x=1', 'GET, HEAD, OPTIONS, POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['POST', '/metrics', 'GET, HEAD'],
    ['PATCH', '/graphiql/assets/x.js', 'GET, HEAD'],
  ])('is told what is: %s %s', async (method, path, allow) => {
    expect(await answerOf(method, path, { 'x-request-id': 'lost' })).toEqual({
      status: 405,
      allow,
      id: 'lost',
      errors: [{ message: `This page takes ${allow}.`, extensions: { code: 'BAD_USER_INPUT' } }],
    });
  });

  it('is answered so also where the address cannot be read', async () => {
    const { errors, ...rest } = await answerOf('GET', '/graphql/%', { 'x-request-id': 'lost' });
    expect({ ...rest, code: errors[0]?.extensions.code }).toEqual({
      status: 400,
      allow: null,
      id: 'lost',
      code: 'BAD_USER_INPUT',
    });
  });

  it('is answered so to whoever wants to speak WebSocket', async () => {
    const answer = await new Promise<{ status: number | undefined; id: unknown; body: string }>((resolve, reject) => {
      const asked = httpRequest(`${test.url}/elsewhere`, {
        headers: { connection: 'upgrade', upgrade: 'websocket', 'x-request-id': 'lost' },
      });
      asked.on('response', (response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, id: response.headers['x-request-id'], body }));
      });
      asked.on('error', reject);
      asked.end();
    });
    expect({ ...answer, body: JSON.parse(answer.body || '{}') }).toEqual({
      status: 404,
      id: 'lost',
      body: { errors: [{ message: 'There is no such page.', extensions: { code: 'NOT_FOUND' } }] },
    });
  });
});

describe('pages of other origins', () => {
  it('read answers where they are allowed to, and nowhere else', async () => {
    const preflight = await fetch(`${test.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin: FRIEND, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(FRIEND);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('idempotency-key');
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
    const foreign = await post('{"query":"{ __typename }"}', { origin: 'https://evil.example' });
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    // What is kept of this answer must not be shown to the friend.
    expect(foreign.headers.get('vary')).toContain('origin');
    const friendly = await post('{"query":"{ __typename }"}', { origin: FRIEND });
    expect(friendly.headers.get('access-control-allow-origin')).toBe(FRIEND);
    expect(friendly.headers.get('access-control-expose-headers')).toContain('x-request-id');
  });
});

describe('operators', () => {
  it('see that the process is up and each part that it needs', async () => {
    expect(await (await fetch(`${test.url}/healthz`)).json()).toEqual({ status: 'ok' });
    const ready = await fetch(`${test.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      {
        status: 'ok',
        parts: Object.fromEntries(['database', 'jobs', ...SUBGRAPH_NAMES].map((part) => [part, 'up'])),
      },
    ]);
  });
});

describe('a client that breaks HTTP', () => {
  it('is answered or hung up on, and the server goes on', async () => {
    await new Promise<void>((resolve) => {
      const broken = httpRequest(`${test.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': '100' },
      });
      broken.on('error', () => resolve());
      broken.on('response', () => resolve());
      broken.write('{"query":');
      setTimeout(() => broken.destroy(), 50);
    });
    expect((await fetch(`${test.url}/graphql/%`)).status).toBeLessThan(500);
    expect((await post('{"query":"{ __typename }"}')).status).toBe(200);
  });
});
