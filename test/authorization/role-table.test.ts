import { beforeAll, describe, expect, it } from 'vitest';
import { LiveServer } from '#core/model/live-server.fixture';
import type { TestClient } from '../support/client.ts';
import { atFileEnd } from '../support/file-end.ts';
import type { Person } from '../support/seed.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { documentOf, OPERATIONS } from './operation.fixture.ts';
import { CALLERS, type CallerName, ROLE_TABLE } from './roles.table.ts';
import { Maker } from './scene.fixture.ts';

const WORDS: Record<string, string> = {
  UNAUTHENTICATED: 'who',
  FORBIDDEN: 'no',
  NOT_FOUND: 'none',
  BAD_USER_INPUT: 'bad',
  CONFLICT: 'late',
};

const ROLE_OF: Partial<Record<CallerName, string>> = {
  owner: 'OWNER',
  admin: 'ADMIN',
  member: 'MEMBER',
  viewer: 'VIEWER',
};

let test: TestServer;
let maker: Maker;
let clients: Record<CallerName, TestClient>;
let people: Partial<Record<CallerName, Person>>;
let userIds: string[];

beforeAll(async () => {
  const live = await LiveServer.start();
  atFileEnd(() => live.stop());
  test = await startTestServer(live.variables);
  const owner = await test.seed.owner();
  maker = new Maker(test, owner);
  const [admin, member, viewer] = await Promise.all(
    ['ADMIN', 'MEMBER', 'VIEWER'].map((role) => test.seed.member(owner, role)),
  );
  if (!admin || !member || !viewer) throw new Error('The people are missing.');
  const bot = await maker.serviceAccount();
  const [key, service] = await Promise.all([maker.scopedKey(['agents:read']), maker.keyOf(bot)]);
  people = { owner, admin, member, viewer };
  clients = {
    nobody: test.client,
    owner: owner.client,
    admin: admin.client,
    member: member.client,
    viewer: viewer.client,
    key: test.client.as(key),
    service: test.client.as(service),
  };
  userIds = [admin.id, member.id, viewer.id, bot];
}, 120_000);

/** The first word of what a subscription is answered. */
const follow = (client: TestClient, query: string, variables: Record<string, unknown>): Promise<string> =>
  new Promise((resolve) => {
    const socket = client.socket();
    const end = (outcome: string) => {
      resolve(outcome);
      void socket.dispose();
    };
    socket.subscribe(
      { query, variables },
      {
        next: ({ errors }) => end(errors ? String(errors[0]?.extensions?.code) : 'ok'),
        error: (errors) => end(Array.isArray(errors) ? String(errors[0]?.extensions?.code) : String(errors)),
        complete: () => end('complete'),
      },
    );
  });

async function outcomeOf(name: string, caller: CallerName): Promise<string> {
  const operation = OPERATIONS[name];
  const role = ROLE_OF[caller];
  const person =
    operation?.ownPerson && role ? await test.seed.member(maker.owner, role) : (people[caller] ?? maker.owner);
  const client = operation?.ownPerson && role ? person.client : clients[caller];
  const variables = (await operation?.variables?.({ maker, userIds, person })) ?? {};
  const query = documentOf(name);
  if (name.startsWith('Subscription.')) {
    const code = await follow(client, query, variables);
    return WORDS[code] ?? code;
  }
  const { errors } = await client.send(query, variables);
  if (!errors) return 'ok';
  const code = errors[0]?.extensions.code ?? '';
  return WORDS[code] ?? `${code}: ${errors[0]?.message}`;
}

describe('the table of roles', () => {
  it('has every root field that clients see, and no other', async () => {
    const { __schema } = await test.client.request<{
      __schema: Record<string, { name: string; fields: { name: string }[] }>;
    }>(`{ __schema {
      queryType { name fields { name } } mutationType { name fields { name } } subscriptionType { name fields { name } }
    } }`);
    const fields = Object.values(__schema).flatMap((type) => type.fields.map((field) => `${type.name}.${field.name}`));
    expect([...ROLE_TABLE.keys()].sort()).toEqual(fields.sort());
  });

  it.each([...ROLE_TABLE])('%s', async (name, expected) => {
    const outcomes = await Promise.all(CALLERS.map(async (caller) => [caller, await outcomeOf(name, caller)]));
    expect(Object.fromEntries(outcomes)).toEqual(expected);
  });
});
