import { beforeAll, describe, expect, it } from 'vitest';
import { withAdmin } from '#test/support/database';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

let test: TestServer;
let owner: Person;
beforeAll(async () => {
  test = await startTestServer();
  owner = await test.seed.owner();
  for (let i = 1; i <= 12; i++) await create({ name: `Agent ${i}`, description: i % 2 ? 'Odd ONE' : '' });
});

const CREATE = `mutation ($input: CreateAgentInput!) { createAgent(input: $input) { agent { id } } }`;
const LIST = `query ($first: Int, $after: String, $filter: AgentFilter) { agents(first: $first, after: $after, filter: $filter) {
  nodes { id name status } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

interface List {
  agents: {
    nodes: { id: string; name: string; status: string }[];
    edges: { cursor: string }[];
    pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
  };
}

const create = async (input: object, as = owner): Promise<string> =>
  (await as.client.request<{ createAgent: { agent: { id: string } } }>(CREATE, { input })).createAgent.agent.id;
const list = async (variables: Record<string, unknown> = {}, as = owner) =>
  (await as.client.request<List>(LIST, variables)).agents;
const names = async (filter: object, as = owner) =>
  (await list({ filter, first: 100 }, as)).nodes.map((agent) => agent.name);

describe('agents', () => {
  it('come newest first, page by page, each once', async () => {
    const seen: string[] = [];
    let after: string | null = null;
    for (let page = await list({ first: 5 }); ; page = await list({ first: 5, after })) {
      seen.push(...page.nodes.map((agent) => agent.name));
      expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
      expect(page.pageInfo.startCursor).toBe(page.edges[0]?.cursor);
      if (!page.pageInfo.hasNextPage) break;
      after = page.pageInfo.endCursor;
    }
    expect(seen).toEqual(Array.from({ length: 12 }, (_, i) => `Agent ${12 - i}`));
  });

  it('tell apart those of the same moment by their ids', async () => {
    const as = await test.seed.owner();
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) ids.push(await create({ name: 'Twin' }, as));
    await withAdmin(test.database.url, (admin) =>
      admin.query('update agents set created_at = now() where id = any($1::uuid[])', [ids]),
    );
    const first = await list({ first: 3 }, as);
    const second = await list({ first: 3, after: first.pageInfo.endCursor }, as);
    expect([...first.nodes, ...second.nodes].map((agent) => agent.id)).toEqual(ids.sort().reverse());
    expect(second.pageInfo.hasNextPage).toBe(false);
  });

  it('take 20 where no size is given, null included', async () => {
    const as = await test.seed.owner();
    for (let i = 0; i < 21; i++) await create({ name: `A${i}`, publish: false }, as);
    expect((await as.client.request<List>('{ agents { nodes { id } } }')).agents.nodes).toHaveLength(20);
    expect((await list({ first: null }, as)).nodes).toHaveLength(20);
    expect(await list({ first: 0 }, as)).toMatchObject({ nodes: [], pageInfo: { hasNextPage: true } });
  });

  it.each([
    ['too many', { first: 101 }, 'first'],
    ['fewer than none', { first: -1 }, 'first'],
    ['no cursor at all', { after: 'nonsense' }, 'after'],
    ['a cursor of another list', { after: Buffer.from('["7"]').toString('base64url') }, 'after'],
    [
      'a moment that no database knows',
      {
        after: Buffer.from('["+275760-09-13T00:00:00.000Z","01a20529-35ed-703d-9e19-e7011425d7c9"]').toString(
          'base64url',
        ),
      },
      'after',
    ],
    ['a long search', { filter: { search: 'x'.repeat(201) } }, 'filter.search'],
    ['a search for a NUL', { filter: { search: '\0' } }, 'filter.search'],
  ])('refuse %s', async (_, variables, path) => {
    const error = await owner.client.refusal(LIST, variables);
    expect(error).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', fields: [{ path }] } });
  });
});

describe('a filter', () => {
  it('searches names and descriptions, in upper or lower case', async () => {
    expect(await names({ search: 'agent 1' })).toEqual(['Agent 12', 'Agent 11', 'Agent 10', 'Agent 1']);
    expect(await names({ search: ' odd one ' })).toHaveLength(6);
    expect(await names({ search: '' })).toHaveLength(12);
    expect(await names({ search: 'nobody' })).toEqual([]);
  });

  it('takes signs of patterns for themselves', async () => {
    const as = await test.seed.owner();
    for (const name of ['100%', '100x', 'a_b', 'axb', 'back\\slash']) await create({ name, publish: false }, as);
    expect(await names({ search: '100%' }, as)).toEqual(['100%']);
    expect(await names({ search: 'a_b' }, as)).toEqual(['a_b']);
    expect(await names({ search: '\\' }, as)).toEqual(['back\\slash']);
  });

  it('tells the states apart, and leaves archived agents out unless asked', async () => {
    const as = await test.seed.owner();
    await create({ name: 'draft', publish: false }, as);
    await create({ name: 'published' }, as);
    for (const input of [{ name: 'old draft', publish: false }, { name: 'old' }]) {
      const archive = `mutation ($id: ID!) { archiveAgent(input: {agentId: $id}) { agent { status } } }`;
      await as.client.request(archive, { id: await create(input, as) });
    }
    expect(await names({}, as)).toEqual(['published', 'draft']);
    expect(await names({ status: 'DRAFT' }, as)).toEqual(['draft']);
    expect(await names({ status: 'PUBLISHED' }, as)).toEqual(['published']);
    expect(await names({ status: 'ARCHIVED' }, as)).toEqual(['old', 'old draft']);
    expect(await names({ includeArchived: true }, as)).toEqual(['old', 'old draft', 'published', 'draft']);
    expect(await names({ includeArchived: null, status: null, search: null }, as)).toEqual(['published', 'draft']);
  });
});
