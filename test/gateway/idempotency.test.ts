import { beforeAll, describe, expect, it } from 'vitest';
import type { Answer, TestClient } from '../support/client.ts';
import { withAdmin } from '../support/database.ts';
import { PASSWORD, type Person } from '../support/seed.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const AT_ONCE = 100;
const CREATE_AGENT = 'mutation ($input: CreateAgentInput!) { createAgent(input: $input) { agent { id name } } }';

let test: TestServer;
let owner: Person;
let keys = 0;

beforeAll(async () => {
  test = await startTestServer();
  owner = await test.seed.owner();
}, 120_000);

const newKey = () => `key-${keys++}`;

const sendWith = (client: TestClient, key: string, query: string, variables: Record<string, unknown> = {}) =>
  client.send<Record<string, unknown>>(query, variables, { 'idempotency-key': key });

const count = (sql: string, values: unknown[] = []): Promise<number> =>
  withAdmin(test.database.url, async (admin) => Number((await admin.query(sql, values)).rows[0].count));

const withoutRequestId = ({ status, text }: Answer<unknown>) => ({ status, text });

describe('a mutation sent many times with one key', () => {
  const roomOf = async () => (await test.seed.room(owner)).id;
  it.each<[string, string, () => Promise<Record<string, unknown>>, string]>([
    ['createAgent', CREATE_AGENT, async () => ({ name: 'Once' }), `agents where name = 'Once'`],
    [
      'createApiKey',
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }',
      async () => ({ name: 'once' }),
      `api_keys where name = 'once'`,
    ],
    [
      'createConversation',
      'mutation ($input: CreateConversationInput!) { createConversation(input: $input) { conversation { id } } }',
      async () => ({ title: 'Once' }),
      `conversations where title = 'Once'`,
    ],
    [
      'sendMessage',
      'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id author { __typename } } } }',
      async () => ({ conversationId: await roomOf(), text: 'once' }),
      `messages where text = 'once'`,
    ],
    [
      'createInvitation',
      'mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { token invitation { id } } }',
      async () => ({ email: 'once@example.com', roleId: 'MEMBER' }),
      `invitations where email = 'once@example.com'`,
    ],
  ])('%s has one effect, and the same answer each time', async (_, query, inputOf, rows) => {
    const [key, input] = [newKey(), await inputOf()];
    const answers = await Promise.all(
      Array.from({ length: AT_ONCE }, () => sendWith(owner.client, key, query, { input })),
    );
    expect(answers[0]?.errors).toBeUndefined();
    expect(new Set(answers.map((answer) => JSON.stringify(withoutRequestId(answer)))).size).toBe(1);
    expect(await count(`select count(*) from ${rows}`)).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')).toHaveLength(AT_ONCE - 1);
  });

  it('has one effect also where it has several fields, of several subgraphs', async () => {
    const query = `mutation {
      a: createAgent(input: {name: "Several"}) { agent { id } }
      b: createConversation(input: {title: "Several"}) { conversation { id } }
      c: createAgent(input: {name: "Several"}) { agent { id } }
    }`;
    const key = newKey();
    const answers = await Promise.all(Array.from({ length: 20 }, () => sendWith(owner.client, key, query)));
    expect(answers[0]?.errors).toBeUndefined();
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await count(`select count(*) from agents where name = 'Several'`)).toBe(2);
    expect(await count(`select count(*) from conversations where title = 'Several'`)).toBe(1);
  });

  it('signs one person up, who need not have been anybody before', async () => {
    const input = { email: 'new@example.com', password: PASSWORD, name: 'New', organizationName: 'New' };
    const query =
      'mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken refreshToken viewer { user { id } } } }';
    const key = newKey();
    const answers = await Promise.all(Array.from({ length: 10 }, () => sendWith(test.client, key, query, { input })));
    expect(answers[0]?.errors).toBeUndefined();
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(
      await count(`select count(*) from sessions s join users u on u.id = s.user_id where u.email = $1`, [input.email]),
    ).toBe(1);
    // Another stranger with the same key and another body is somebody else.
    const stranger = await sendWith(test.client, key, query, { input: { ...input, email: 'else@example.com' } });
    expect(stranger.errors).toBeUndefined();
    expect(stranger.text).not.toBe(answers[0]?.text);
  });
});

describe('a key', () => {
  const create = (client: TestClient, key: string, name: string) =>
    sendWith(client, key, CREATE_AGENT, { input: { name } });

  it('is refused with another request', async () => {
    const key = newKey();
    await create(owner.client, key, 'First');
    const { status, errors } = await create(owner.client, key, 'Second');
    expect([status, errors?.[0]?.extensions.code]).toEqual([409, 'CONFLICT']);
    expect(await count(`select count(*) from agents where name = 'Second'`)).toBe(0);
  });

  it('belongs to its caller: another organization, another member, another API key', async () => {
    const key = newKey();
    const [other, member] = [await test.seed.owner(), await test.seed.member(owner)];
    const { createApiKey } = await owner.client.request<{ createApiKey: { secret: string } }>(
      'mutation { createApiKey(input: {name: "narrow", scopes: ["agents:read"]}) { secret } }',
    );
    const first = await create(owner.client, key, 'Mine');
    for (const client of [other.client, member.client]) {
      const answer = await create(client, key, 'Mine');
      expect(answer.errors).toBeUndefined();
      expect(answer.text).not.toBe(first.text);
    }
    // A key that may do less than its owner is not shown what he was answered.
    const narrow = await create(owner.client.as(createApiKey.secret), key, 'Mine');
    expect(narrow.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(narrow.text).not.toContain('Mine');
    expect(await count(`select count(*) from agents where name = 'Mine'`)).toBe(3);
  });

  it('goes on with its person, who has logged in again', async () => {
    const key = newKey();
    const first = await create(owner.client, key, 'Again');
    const { logIn } = await test.client.request<{ logIn: { accessToken: string } }>(
      'mutation ($input: LogInInput!) { logIn(input: $input) { accessToken } }',
      { input: { email: owner.email, password: PASSWORD } },
    );
    const second = await create(owner.client.as(logIn.accessToken), key, 'Again');
    expect(second.text).toBe(first.text);
  });

  it('does not keep a refusal: another try may go better', async () => {
    const key = newKey();
    const viewer = await test.seed.member(owner, 'VIEWER');
    expect((await create(viewer.client, key, 'Later')).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    const { organization } = await owner.client.request<{
      organization: { members: { nodes: { id: string; user: { id: string } }[] } };
    }>('{ organization { members(first: 100) { nodes { id user { id } } } } }');
    const memberId = organization.members.nodes.find(({ user }) => user.id === viewer.id)?.id;
    await owner.client.request(
      'mutation ($input: ChangeMemberRoleInput!) { changeMemberRole(input: $input) { member { id } } }',
      {
        input: { memberId, roleId: 'MEMBER' },
      },
    );
    expect((await create(viewer.client, key, 'Later')).errors).toBeUndefined();
  });

  it('means nothing with a query', async () => {
    const key = newKey();
    const query = '{ agents(filter: {search: "mutation"}) { totalCount } }';
    const answers = [await sendWith(owner.client, key, query), await sendWith(owner.client, key, '{ __typename }')];
    expect(answers.map(({ errors, headers }) => [errors, headers.get('idempotency-replayed')])).toEqual([
      [undefined, null],
      [undefined, null],
    ]);
  });

  it.each(['', 'with space', 'x'.repeat(201), 'ümlaut'])('must be fit for one: %j', async (key) => {
    const { status, errors } = await create(owner.client, key, 'Unfit');
    expect([status, errors?.[0]?.extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
  });
});

describe('what is kept of answers', () => {
  it('is sealed: no token, name or key can be read from the database', async () => {
    const key = newKey();
    const { data } = await sendWith(owner.client, key, 'mutation { createApiKey(input: {name: "sealed"}) { secret } }');
    const { secret } = (data as { createApiKey: { secret: string } }).createApiKey;
    const { rows } = await withAdmin(test.database.url, (admin) =>
      admin.query<{ kept: Buffer }>(
        'select response as kept from idempotent_requests where response is not null union all select result from idempotent_effects',
      ),
    );
    expect(rows.length).toBeGreaterThan(10);
    for (const { kept } of rows) {
      for (const text of [secret, 'createApiKey', 'data', 'accessToken']) expect(kept.includes(text)).toBe(false);
    }
  });
});
