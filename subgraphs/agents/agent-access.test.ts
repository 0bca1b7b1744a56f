import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BuiltInRoleName, Permission } from '#core/permission';
import type { TestClient } from '#test/support/client';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

let test: TestServer;
let owner: Person;
let stranger: Person;
/** Has a published version and an edited draft. */
let agentId: string;
beforeAll(async () => {
  test = await startTestServer();
  owner = await test.seed.owner();
  stranger = await test.seed.owner('Stella Stranger');
  agentId = await create(owner.client);
});

const create = async (as: TestClient): Promise<string> => {
  const source = 'mutation { createAgent(input: {name: "Ada", instructions: "Secret"}) { agent { id } } }';
  const { createAgent } = await as.request<{ createAgent: { agent: { id: string } } }>(source);
  const edit = 'mutation ($id: ID!) { updateAgentDraft(input: {agentId: $id, temperature: 1}) { agent { id } } }';
  await as.request(edit, { id: createAgent.agent.id });
  return createAgent.agent.id;
};

/** Every operation that names an agent, as `$id`. */
const BY_ID: Record<string, string> = {
  agent: 'query ($id: ID!) { agent(id: $id) { id } }',
  agentVersionDiff: 'query ($id: ID!) { agentVersionDiff(agentId: $id) { from } }',
  updateAgentDraft: 'mutation ($id: ID!) { updateAgentDraft(input: {agentId: $id, name: "Taken"}) { agent { id } } }',
  discardAgentDraft: 'mutation ($id: ID!) { discardAgentDraft(input: {agentId: $id}) { agent { id } } }',
  duplicateAgent: 'mutation ($id: ID!) { duplicateAgent(input: {agentId: $id}) { agent { id } } }',
  publishAgent: 'mutation ($id: ID!) { publishAgent(input: {agentId: $id}) { agent { id } } }',
  rollBackAgent: 'mutation ($id: ID!) { rollBackAgent(input: {agentId: $id, toVersion: 1}) { agent { id } } }',
  archiveAgent: 'mutation ($id: ID!) { archiveAgent(input: {agentId: $id}) { agent { id } } }',
  restoreAgent: 'mutation ($id: ID!) { restoreAgent(input: {agentId: $id}) { agent { id } } }',
};

describe('another organization’s agent', () => {
  it.each(Object.keys(BY_ID))('%s answers as to one that does not exist', async (name) => {
    const source = BY_ID[name] ?? '';
    const refusal = async (id: string) => {
      const { message, extensions } = await stranger.client.refusal(source, { id });
      const { requestId: _, ...others } = extensions;
      return { message, extensions: others };
    };
    const known = await refusal(agentId);
    expect(known).toMatchObject({ extensions: { code: 'NOT_FOUND' } });
    for (const id of [randomUUID(), 'no-id', '', "' or 1=1"]) expect(await refusal(id)).toEqual(known);
  });

  it('is not listed or counted, and cannot be put into a room', async () => {
    const { client } = stranger;
    const list = '{ agents(filter: {includeArchived: true, search: "Ada"}) { totalCount nodes { id } } }';
    expect(await client.request(list)).toEqual({ agents: { totalCount: 0, nodes: [] } });
    const room = 'mutation ($ids: [ID!]!) { createConversation(input: {agentIds: $ids}) { conversation { id } } }';
    const known = await client.refusal(room, { ids: [agentId] });
    const unknown = await client.refusal(room, { ids: [randomUUID()] });
    expect(known.extensions.code).toBe(unknown.extensions.code);
  });

  it('is untouched by what strangers tried', async () => {
    expect(
      await owner.client.request('query ($id: ID!) { agent(id: $id) { name status draft { name revision } } }', {
        id: agentId,
      }),
    ).toEqual({ agent: { name: 'Ada', status: 'PUBLISHED', draft: { name: 'Ada', revision: 2 } } });
  });
});

describe('who may do what', () => {
  const DO: Record<string, string> = {
    see: 'query ($id: ID!) { agent(id: $id) { instructions draft { definition { model } } versions { nodes { note } } } }',
    list: '{ agents { nodes { id } } models { id } modelProviders { id } }',
    create: 'mutation { createAgent(input: {name: "New"}) { agent { id } } }',
    edit: 'mutation ($id: ID!) { updateAgentDraft(input: {agentId: $id, maxOutputTokens: 9}) { agent { id } } }',
    discard: 'mutation ($id: ID!) { discardAgentDraft(input: {agentId: $id}) { agent { id } } }',
    duplicate: 'mutation ($id: ID!) { duplicateAgent(input: {agentId: $id}) { agent { id } } }',
    publish: 'mutation ($id: ID!) { publishAgent(input: {agentId: $id}) { version { number } } }',
    archive: 'mutation ($id: ID!) { archiveAgent(input: {agentId: $id}) { agent { id } } }',
    restore: 'mutation ($id: ID!) { restoreAgent(input: {agentId: $id}) { agent { id } } }',
  };
  const EVERYTHING = Object.keys(DO);
  const READING = ['see', 'list'];
  const WRITING = ['create', 'edit', 'discard', 'duplicate'];

  const check = async (client: TestClient, allowed: string[]) => {
    for (const [name, source] of Object.entries(DO)) {
      const { errors = [] } = await client.send(source, { id: await create(owner.client) });
      const codes = [...new Set(errors.map((error) => error.extensions.code))];
      expect([name, codes]).toEqual([name, allowed.includes(name) ? [] : ['FORBIDDEN']]);
    }
  };

  it.each<[BuiltInRoleName, string[]]>([
    ['ADMIN', EVERYTHING],
    ['MEMBER', [...READING, ...WRITING]],
    ['VIEWER', READING],
  ])('%s', async (role, allowed) => {
    const { client } = await test.seed.member(owner, role);
    await check(client, allowed);
  });

  it('the owner', () => check(owner.client, EVERYTHING));

  it.each<[string, Permission[], string[]]>([
    ['for conversations', ['conversations:read', 'conversations:write'], []],
    ['that reads agents', ['agents:read'], READING],
    ['that edits agents', ['agents:read', 'agents:write'], [...READING, ...WRITING]],
  ])('a key %s', async (_, scopes, allowed) => {
    const { createApiKey } = await owner.client.request<{ createApiKey: { secret: string } }>(
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }',
      { input: { name: 'For tests', scopes } },
    );
    await check(test.client.as(createApiKey.secret), allowed);
  });

  it('nobody without a credential', async () => {
    for (const [name, source] of Object.entries({ ...DO, ...BY_ID })) {
      const { errors = [] } = await test.client.send(source, { id: agentId });
      expect([name, ...new Set(errors.map((error) => error.extensions.code))]).toEqual([name, 'UNAUTHENTICATED']);
    }
  });

  it('nobody what is for other subgraphs', async () => {
    for (const field of ['agentForRun(id: "x") { id }', 'agentsById(ids: []) { id }', '_service { sdl }']) {
      const { errors } = await owner.client.send(`{ ${field} }`);
      expect(errors?.[0]?.message).toMatch(/Cannot query field/);
    }
  });
});
