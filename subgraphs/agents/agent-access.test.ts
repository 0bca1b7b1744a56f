import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuiltInRoleName, Permission } from '#core/permission';
import { type Bench, type Caller, startBench } from './agents.fixture.ts';

let bench: Bench;
let owner: Caller;
/** Has a published version and an edited draft. */
let agentId: string;
beforeAll(async () => {
  bench = await startBench();
  owner = bench.caller();
  agentId = await create(owner);
});
afterAll(() => bench.stop());

const create = async (as: Caller): Promise<string> => {
  const source = 'mutation { createAgent(input: {name: "Ada", instructions: "Secret"}) { agent { id } } }';
  const { createAgent } = await as.ask<{ createAgent: { agent: { id: string } } }>(source);
  const edit = 'mutation ($id: ID!) { updateAgentDraft(input: {agentId: $id, temperature: 1}) { agent { id } } }';
  await as.ask(edit, { id: createAgent.agent.id });
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

const ENTITY =
  'query ($id: ID!) { _entities(representations: [{__typename: "Agent", id: $id}]) { ... on Agent { id name } } }';
const FOR_RUN =
  'query ($id: ID!, $version: Int) { agentForRun(id: $id, version: $version) { id name version versionId instructions model temperature maxOutputTokens thinking { effort } } }';
const BY_IDS = 'query ($ids: [ID!]!) { agentsById(ids: $ids) { id } }';

describe('another organization’s agent', () => {
  it.each(Object.keys(BY_ID))('%s answers as to one that does not exist', async (name) => {
    const stranger = bench.caller();
    const source = BY_ID[name] ?? '';
    const known = await stranger.refused(source, { id: agentId });
    expect(known).toMatchObject({ code: 'NOT_FOUND' });
    for (const id of [randomUUID(), 'no-id', '', "' or 1=1"])
      expect(await stranger.refused(source, { id })).toEqual(known);
  });

  it('is not found by reference, list, count or by the worker', async () => {
    const stranger = bench.caller();
    expect(await stranger.ask(ENTITY, { id: agentId })).toEqual({ _entities: [null] });
    expect(await stranger.ask(ENTITY, { id: 'no-id' })).toEqual({ _entities: [null] });
    expect(await stranger.ask(FOR_RUN, { id: agentId })).toEqual({ agentForRun: null });
    expect(await stranger.ask(BY_IDS, { ids: [agentId] })).toEqual({ agentsById: [null] });
    const list = '{ agents(filter: {includeArchived: true, search: "Ada"}) { totalCount nodes { id } } }';
    expect(await stranger.ask(list)).toEqual({ agents: { totalCount: 0, nodes: [] } });
  });

  it('is untouched by what strangers tried', async () => {
    expect(
      await owner.ask('query ($id: ID!) { agent(id: $id) { name status draft { name revision } } }', { id: agentId }),
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
    'see by reference':
      'query ($id: ID!) { _entities(representations: [{__typename: "Agent", id: $id}]) { ... on Agent { instructions } } }',
    'see the name by reference': ENTITY,
    run: FOR_RUN,
  };
  const EVERYTHING = Object.keys(DO);
  const READING = ['see', 'list', 'see by reference', 'see the name by reference', 'run'];
  const WRITING = ['create', 'edit', 'discard', 'duplicate'];

  it.each<[string, BuiltInRoleName | Permission[], string[]]>([
    ['OWNER', 'OWNER', EVERYTHING],
    ['ADMIN', 'ADMIN', EVERYTHING],
    ['MEMBER', 'MEMBER', [...READING, ...WRITING]],
    ['VIEWER', 'VIEWER', READING],
    ['a key that reads conversations', ['conversations:read'], ['see the name by reference', 'run']],
    ['a key that writes in them', ['conversations:write'], ['see the name by reference', 'run']],
    ['a role without permissions', [], ['run']],
  ])('%s', async (_, role, allowed) => {
    const orgId = randomUUID();
    const caller = bench.caller(role, orgId);
    for (const [name, source] of Object.entries(DO)) {
      const { errors } = await caller.send(source, { id: await create(bench.caller('OWNER', orgId)) });
      const codes = [...new Set(errors.map((error) => error.code))];
      expect([name, codes]).toEqual([name, allowed.includes(name) ? [] : ['FORBIDDEN']]);
    }
  });

  it('nobody without a credential', async () => {
    for (const [name, source] of Object.entries({ ...DO, ...BY_ID })) {
      const { errors, data } = await bench.anonymous.send<{ _entities?: unknown }>(source, { id: agentId });
      if (data?._entities) expect([name, data]).toEqual([name, { _entities: [null] }]);
      else expect([name, ...new Set(errors.map((error) => error.code))]).toEqual([name, 'UNAUTHENTICATED']);
    }
  });
});

describe('what other subgraphs ask', () => {
  const run = (id: string, version?: number) => owner.ask(FOR_RUN, { id, version });

  it('is told what to run: the published version, or the one that is named', async () => {
    const id = await create(owner);
    expect(await run(id)).toMatchObject({
      agentForRun: {
        id,
        name: 'Ada',
        version: 1,
        instructions: 'Secret',
        model: 'offline/parley',
        temperature: null,
        thinking: null,
      },
    });
    await owner.ask(BY_ID.publishAgent ?? '', { id });
    expect(await run(id)).toMatchObject({ agentForRun: { version: 2, temperature: 1 } });
    expect(await run(id, 1)).toMatchObject({ agentForRun: { version: 1, temperature: null } });
    expect(await run(id, 3)).toEqual({ agentForRun: null });
  });

  it('is told that an agent that is unpublished, archived or absent cannot answer', async () => {
    const source = 'mutation { createAgent(input: {name: "Draft", publish: false}) { agent { id } } }';
    const { createAgent } = await owner.ask<{ createAgent: { agent: { id: string } } }>(source);
    const archived = await create(owner);
    await owner.ask(BY_ID.archiveAgent ?? '', { id: archived });
    for (const id of [createAgent.agent.id, archived, randomUUID(), 'no-id']) {
      expect(await run(id)).toEqual({ agentForRun: null });
    }
    expect(await owner.ask(ENTITY, { id: archived })).toEqual({ _entities: [{ id: archived, name: 'Ada' }] });
  });

  it('finds agents that are in use, in order, with one statement', async () => {
    const [one, two, archived] = [await create(owner), await create(owner), await create(owner)];
    await owner.ask(BY_ID.archiveAgent ?? '', { id: archived });
    const ids = [two, randomUUID(), archived, 'no-id', one, two];
    let answer: unknown;
    const statements = await bench.countStatements(async () => {
      answer = await owner.ask(BY_IDS, { ids });
    });
    expect(answer).toEqual({ agentsById: [{ id: two }, null, null, null, { id: one }, { id: two }] });
    expect(statements).toBe(1);
    const many = Array.from({ length: 501 }, () => randomUUID());
    expect(await owner.refused(BY_IDS, { ids: many })).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
