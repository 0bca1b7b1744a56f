import { getNamedType, isLeafType, isNonNullType, isObjectType, isUnionType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { LiveServer } from '#core/model/live-server.fixture';
import { BUILT_IN_ROLES } from '#core/permission';
import { SUBGRAPH_NAMES } from '#core/subgraph/subgraph';
import type { Viewer } from '#core/viewer';
import { RawSocket } from '../gateway/raw-socket.fixture.ts';
import { withAdmin } from '../support/database.ts';
import { atFileEnd } from '../support/file-end.ts';
import type { Person } from '../support/seed.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { Maker, type Things } from './scene.fixture.ts';
import { type OpenSubgraphs, openSubgraphs } from './subgraphs.fixture.ts';
import { ATTEMPTS, type Beside, none } from './tenant.table.ts';

const UUIDS = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

let test: TestServer;
let subgraphs: OpenSubgraphs;
let victim: Maker;
let stranger: Person;
let own: Things;
let theirs: Things;

beforeAll(async () => {
  const live = await LiveServer.start();
  atFileEnd(() => live.stop());
  test = await startTestServer(live.variables);
  subgraphs = await openSubgraphs(test.database.url);
  victim = new Maker(test, await test.seed.owner('Vera Victim'));
  stranger = await test.seed.owner('Sam Stranger');
  theirs = await victim.things();
  own = await new Maker(test, stranger).things();
}, 120_000);

afterAll(() => subgraphs?.close());

const beside = (): Beside => ({ own, orgId: victim.owner.orgId });

/** Everything of the victim that a write could touch, row by row. */
const snapshot = () =>
  withAdmin(test.database.url, async (admin) => {
    const { rows } = await admin.query<{ name: string }>(
      `select table_name as name from information_schema.columns
       where table_schema = 'public' and column_name = 'org_id' and table_name not in ('sessions', 'stream_producers') order by 1`,
    );
    const tables: Record<string, unknown> = {};
    for (const { name } of rows) {
      const found = await admin.query(`select t::text as row from ${name} t where org_id = $1 order by 1`, [
        victim.owner.orgId,
      ]);
      tables[name] = found.rows;
    }
    return tables;
  });

const runIsOver = async (): Promise<void> => {
  for (;;) {
    const { run } = await victim.owner.client.request<{ run: { state: string } }>(
      `{ run(id: "${theirs.run}") { state } }`,
    );
    if (!['QUEUED', 'RUNNING'].includes(run.state)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

describe('a row of another organization answers as one that does not exist', () => {
  it.each(ATTEMPTS)('%s', async (name, query) => {
    const client = stranger.client;
    const [foreign, missing] = [
      await client.send(query(theirs, beside())),
      await client.send(query(none(), { own, orgId: newId() })),
    ];
    const blank = (text: string) => text.replaceAll(UUIDS, 'ID');
    expect({ status: foreign.status, text: blank(foreign.text) }).toEqual({
      status: missing.status,
      text: blank(missing.text),
    });
    const shown = Object.values(foreign.data ?? {}).filter(
      (value) => value !== null && JSON.stringify(value) !== '{"nodes":[],"totalCount":0}',
    );
    expect(shown).toEqual([]);
    // Whether an organization exists is not told either, but that one is no member of it is.
    const codes = name === 'switchOrganization' ? ['FORBIDDEN'] : ['NOT_FOUND', 'BAD_USER_INPUT'];
    if (foreign.errors) expect(codes).toContain(foreign.errors[0]?.extensions.code);
  });

  it('and is as it was after all of that', async () => {
    await runIsOver();
    const before = await snapshot();
    for (const [, query] of ATTEMPTS) await stranger.client.send(query(theirs, beside()));
    expect(await snapshot()).toEqual(before);
  });

  it('on a subscription as well, with a cursor of the room itself', async () => {
    const { conversation } = await victim.owner.client.request<{ conversation: { cursor: string } }>(
      `{ conversation(id: "${theirs.room}") { cursor } }`,
    );
    const socket = await RawSocket.init(test.url, { authorization: `Bearer ${stranger.client.token}` });
    const answers: string[] = [];
    for (const [id, room] of [
      ['foreign', theirs.room],
      ['missing', newId()],
    ] as const) {
      const query = `subscription { conversationEvents(conversationId: "${room}", after: "${conversation.cursor}") { __typename } }`;
      await socket.say({ type: 'subscribe', id, payload: { query } });
      answers.push(JSON.stringify((await socket.hear('next', id)).payload).replaceAll(UUIDS, 'ID'));
    }
    socket.close();
    expect(answers[0]).toBe(answers[1]);
    expect(answers[0]).toContain('NOT_FOUND');
  });
});

describe('cursors of another organization', () => {
  const LISTS: [string, string, string][] = [
    ['agents', 'agents', 'agents(first: 1, after: $after) { edges { cursor node { id } } }'],
    ['conversations', 'conversations', 'conversations(first: 1, after: $after) { edges { cursor node { id } } }'],
    ['apiKeys', 'apiKeys', 'apiKeys(first: 1, after: $after) { edges { cursor node { id } } }'],
    ['invitations', 'invitations', 'invitations(first: 1, after: $after) { edges { cursor node { id } } }'],
    ['serviceAccounts', 'serviceAccounts', 'serviceAccounts(first: 1, after: $after) { edges { cursor node { id } } }'],
    ['sessions', 'sessions', 'sessions(first: 1, after: $after) { edges { cursor node { id } } }'],
    [
      'members',
      'organization.members',
      'organization { members(first: 1, after: $after) { edges { cursor node { id } } } }',
    ],
  ];
  interface List {
    edges: { cursor: string; node: { id: string } }[];
  }
  const at = (data: unknown, path: string): List =>
    path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], data) as List;

  it.each(LISTS)('lead to nothing of theirs in %s', async (_, path, selection) => {
    const query = `query ($after: String) { ${selection} }`;
    const list = (client: typeof stranger.client, size: number, after: string | null = null) =>
      client.request(query.replace('first: 1', `first: ${size}`), { after });
    const foreign = at(await list(victim.owner.client, 100), path);
    const mine = new Set(at(await list(stranger.client, 100), path).edges.map(({ node }) => node.id));
    expect(foreign.edges.length).toBeGreaterThan(0);
    for (const { cursor } of foreign.edges) {
      const found = at(await list(stranger.client, 100, cursor), path).edges.map(({ node }) => node.id);
      expect(found.filter((id) => !mine.has(id))).toEqual([]);
    }
  });
});

describe('entities, asked past the gateway', () => {
  const viewerOf = (person: Person, role: keyof typeof BUILT_IN_ROLES): Viewer => ({
    userId: person.id,
    userKind: 'HUMAN',
    orgId: person.orgId,
    role,
    permissions: BUILT_IN_ROLES[role],
    credential: { kind: 'SESSION', id: newId(), expiresAt: null },
  });

  /** Every entity of a subgraph, with all of its fields that can be had without arguments. */
  const entitiesOf = (name: (typeof SUBGRAPH_NAMES)[number]): [string, string][] => {
    const union = subgraphs.schemas.get(name)?.getType('_Entity');
    if (!isUnionType(union)) return [];
    return union.getTypes().map((type) => {
      const leaves = Object.values(type.getFields())
        .filter((field) => isLeafType(getNamedType(field.type)) && field.args.every((arg) => !isNonNullType(arg.type)))
        .map((field) => field.name);
      return [type.name, leaves.join(' ')];
    });
  };

  const idOf = (type: string): string =>
    ({
      Agent: theirs.agent,
      User: theirs.user,
      Conversation: theirs.room,
      Message: theirs.message,
      Run: theirs.run,
      Rule: theirs.rule,
      Task: theirs.task,
      Organization: victim.owner.orgId,
    })[type] ?? '';

  it.each(SUBGRAPH_NAMES)('of %s are shown to their own organization alone', async (name) => {
    const entities = entitiesOf(name);
    expect(entities.length).toBeGreaterThan(0);
    for (const [type, fields] of entities) {
      const query = `query ($all: [_Any!]!) { _entities(representations: $all) { ... on ${type} { __typename ${fields} } } }`;
      const ask = async (viewer: Viewer | null, id: string) => {
        const answer = await subgraphs.ask(name, viewer, query, { all: [{ __typename: type, id }] });
        return JSON.stringify(answer).replaceAll(id, 'ID');
      };
      expect(idOf(type), `an id of ${type}`).not.toBe('');
      const missing = newId();
      for (const viewer of [null, viewerOf(stranger, 'OWNER')]) {
        expect({ type, answer: await ask(viewer, idOf(type)) }).toEqual({ type, answer: await ask(viewer, missing) });
        expect(await ask(viewer, idOf(type))).not.toMatch(/Ada|Vera|Max|A room|A rule|Nobody else|@example\.com/);
      }
    }
  });

  it('answer several at once, each for itself', async () => {
    const query = 'query ($all: [_Any!]!) { _entities(representations: $all) { ... on Agent { name } } }';
    const all = [own.agent, theirs.agent, newId()].map((id) => ({ __typename: 'Agent', id }));
    const { data } = await subgraphs.ask('agents', viewerOf(stranger, 'OWNER'), query, { all });
    expect(data).toEqual({ _entities: [{ name: 'Ada' }, null, null] });
  });

  it('hide an address of e-mail from colleagues who have nothing to do with members', async () => {
    const query = 'query ($all: [_Any!]!) { _entities(representations: $all) { ... on User { name email } } }';
    const all = [{ __typename: 'User', id: theirs.user }];
    const asMember = await subgraphs.ask('identity', viewerOf(victim.owner, 'VIEWER'), query, { all });
    expect(asMember.data).toEqual({ _entities: [{ name: 'Max Member', email: null }] });
    const nobody: Viewer = { ...viewerOf(victim.owner, 'OWNER'), permissions: [] };
    const asNobody = await subgraphs.ask('agents', nobody, query.replace('User { name email }', 'Agent { name }'), {
      all: [{ __typename: 'Agent', id: theirs.agent }],
    });
    expect(JSON.stringify(asNobody)).toContain('FORBIDDEN');
    expect(JSON.stringify(asNobody)).not.toContain('Ada');
  });

  it('and peers’ fields know no other organization either', async () => {
    const agentForRun = '{ agentForRun(id: "ID") { id name instructions } }';
    const foreign = await subgraphs.ask('agents', viewerOf(stranger, 'OWNER'), agentForRun.replace('ID', theirs.agent));
    const missing = await subgraphs.ask('agents', viewerOf(stranger, 'OWNER'), agentForRun.replace('ID', newId()));
    expect(JSON.stringify(foreign)).toBe(JSON.stringify(missing));
    const list = await subgraphs.ask(
      'agents',
      viewerOf(stranger, 'OWNER'),
      'query ($ids: [ID!]!) { agentsById(ids: $ids) { name } }',
      {
        ids: [theirs.agent, own.agent],
      },
    );
    expect(list.data).toEqual({ agentsById: [null, { name: 'Ada' }] });
  });
});

describe('what is nested', () => {
  it('shows nothing of another organization, wherever it leads', async () => {
    const query = `{
      organization { id members { nodes { user { id name email } role { id } } } }
      organizations { nodes { id name members { nodes { user { name email } } } } }
      agents(first: 100) { nodes { id name createdBy { id name email } versions { nodes { author { name } } } } }
      conversations { nodes { title participants { __typename ... on User { id name email } ... on Agent { id name } } } }
    }`;
    const { text } = await stranger.client.send(query);
    expect(text).toContain('Sam Stranger');
    for (const id of [...Object.values(theirs), victim.owner.id, victim.owner.orgId, 'Vera', victim.owner.email]) {
      expect(text.includes(id), id).toBe(false);
    }
  });

  it('cannot be reached by an operation with an id that was not attempted above', () => {
    const takesId = (name: string) => ATTEMPTS.some(([attempt]) => attempt === name || attempt.startsWith(`${name} `));
    const roots = [subgraphs.apiSchema.getQueryType(), subgraphs.apiSchema.getMutationType()].filter(isObjectType);
    const withIds = roots.flatMap((root) =>
      Object.values(root.getFields())
        .filter((field) =>
          field.args.some((arg) => {
            const type = getNamedType(arg.type);
            return (
              type.name === 'ID' ||
              ('getFields' in type &&
                Object.values(type.getFields()).some((each) => getNamedType(each.type).name === 'ID'))
            );
          }),
        )
        .map((field) => field.name),
    );
    // A log-in names an organization by an id that its password opens; an attempt of OAuth and a linked account are one's own.
    const ownAccount = new Set(['logIn', 'unlinkAccount', 'apiKeys', 'sessions', 'startOAuthLogIn']);
    expect(withIds.filter((name) => !takesId(name) && !ownAccount.has(name))).toEqual([]);
  });
});
