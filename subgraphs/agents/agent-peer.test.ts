import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Permission } from '#core/permission';
import { type Bench, type Caller, startBench } from './agents.fixture.ts';

let bench: Bench;
let owner: Caller;
beforeAll(async () => {
  bench = await startBench();
  owner = bench.caller();
});
afterAll(() => bench.stop());

/** Has a published version and a draft that differs by its temperature. */
const create = async (input: object = {}, as = owner): Promise<string> => {
  const source = 'mutation ($input: CreateAgentInput!) { createAgent(input: $input) { agent { id } } }';
  const { createAgent } = await as.ask<{ createAgent: { agent: { id: string } } }>(source, {
    input: { name: 'Ada', instructions: 'Secret', ...input },
  });
  const { id } = createAgent.agent;
  await as.ask('mutation ($id: ID!) { updateAgentDraft(input: {agentId: $id, temperature: 1}) { agent { id } } }', {
    id,
  });
  return id;
};
const publish = 'mutation ($id: ID!) { publishAgent(input: {agentId: $id}) { agent { id } } }';
const archive = 'mutation ($id: ID!) { archiveAgent(input: {agentId: $id}) { agent { id } } }';

const entity = (fields: string) =>
  `query ($id: ID!) { _entities(representations: [{__typename: "Agent", id: $id}]) { ... on Agent { ${fields} } } }`;
const FOR_RUN = `query ($id: ID!, $version: Int) { agentForRun(id: $id, version: $version) {
  id name version versionId instructions model temperature maxOutputTokens thinking { effort } } }`;
const BY_IDS = 'query ($ids: [ID!]!) { agentsById(ids: $ids) { id } }';

describe('a reference', () => {
  it('is resolved for archived agents too, so that old messages keep their author', async () => {
    const id = await create();
    await owner.ask(archive, { id });
    expect(await owner.ask(entity('id name'), { id })).toEqual({ _entities: [{ id, name: 'Ada' }] });
  });

  it('to another organization’s agent, or to none, leads nowhere', async () => {
    const id = await create();
    for (const caller of [bench.caller(), bench.anonymous]) {
      expect(await caller.ask(entity('id name'), { id })).toEqual({ _entities: [null] });
    }
    for (const none of [randomUUID(), 'no-id']) {
      expect(await owner.ask(entity('id'), { id: none })).toEqual({ _entities: [null] });
    }
  });

  it.each<[Permission[], unknown[], unknown[]]>([
    [['agents:read'], [], []],
    [['conversations:read'], [], ['FORBIDDEN']],
    [['conversations:write'], [], ['FORBIDDEN']],
    [['organization:read'], ['FORBIDDEN'], ['FORBIDDEN']],
  ])('shows the name and the rest to %j as far as that goes', async (permissions, name, rest) => {
    const caller = bench.caller(permissions, owner.viewer?.orgId);
    const id = await create();
    const codes = async (fields: string) =>
      (await caller.send(entity(fields), { id })).errors.map((error) => error.code);
    expect(await codes('name')).toEqual(name);
    expect(await codes('instructions')).toEqual(rest);
  });

  it('is resolved together with all others of a request, with one statement', async () => {
    const ids = [await create(), await create({ name: 'Bob' }), await create()];
    const source = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Agent { name } } }';
    const statements = await bench.countStatements(async () => {
      const of = ids.map((id) => ({ __typename: 'Agent', id }));
      expect(await owner.ask(source, { of })).toEqual({
        _entities: [{ name: 'Ada' }, { name: 'Bob' }, { name: 'Ada' }],
      });
    });
    expect(statements).toBe(1);
  });
});

describe('what a run needs', () => {
  const run = (id: string, version?: number, caller = owner) => caller.ask(FOR_RUN, { id, version });

  it('is the published version, or the one that is named', async () => {
    const id = await create();
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
    await owner.ask(publish, { id });
    expect(await run(id)).toMatchObject({ agentForRun: { version: 2, temperature: 1 } });
    expect(await run(id, 1)).toMatchObject({ agentForRun: { version: 1, temperature: null } });
    for (const none of [3, 0, -1, 2_147_483_647]) expect(await run(id, none)).toEqual({ agentForRun: null });
  });

  it('is nothing where the agent is unpublished, archived, absent or another organization’s', async () => {
    const archived = await create();
    await owner.ask(archive, { id: archived });
    for (const id of [await create({ publish: false }), archived, randomUUID(), 'no-id']) {
      expect(await run(id)).toEqual({ agentForRun: null });
    }
    expect(await run(await create(), undefined, bench.caller())).toEqual({ agentForRun: null });
    expect(await bench.anonymous.refused(FOR_RUN, { id: archived })).toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('what the members of a team need', () => {
  const source = `query ($refs: [AgentForRunRef!]!) { agentsForRun(refs: $refs) {
    id name description version model tools outputSchema limits team } }`;

  it('is asked for together, in order, as it is defined', async () => {
    const member = await create({
      description: 'Counts',
      tools: [{ name: 'clock', approval: { rule: 'ALWAYS', role: 'ADMIN' } }],
      outputSchema: { type: 'object' },
      limits: { maxTurns: 2 },
    });
    const team = await create({ name: 'Desk', team: { nodes: [{ key: 'a', agentId: member }], supervisor: {} } });
    await owner.ask(publish, { id: member });
    const refs = [
      { id: team },
      { id: member },
      { id: member, version: 1 },
      { id: member, version: 9 },
      { id: 'no-id' },
    ];
    let answer: { agentsForRun: unknown[] } | undefined;
    const statements = await bench.countStatements(async () => {
      answer = await owner.ask(source, { refs });
    });
    expect(answer?.agentsForRun).toMatchObject([
      {
        name: 'Desk',
        version: 1,
        tools: [],
        outputSchema: null,
        limits: {},
        team: {
          nodes: [{ key: 'a', agentId: member, version: null, description: null }],
          flow: { pattern: 'SUPERVISOR' },
        },
      },
      {
        description: 'Counts',
        version: 2,
        tools: [{ name: 'clock', approval: { rule: 'ALWAYS', role: 'ADMIN', expiresInSeconds: 86_400 } }],
        outputSchema: { type: 'object' },
        limits: { maxTurns: 2 },
        team: null,
      },
      { version: 1 },
      null,
      null,
    ]);
    // The agents, their published versions, those that are named.
    expect(statements).toBe(3);
  });

  it('is nothing of another organization, and has a bound', async () => {
    const refs = [{ id: await create() }];
    expect(await bench.caller().ask(source, { refs })).toEqual({ agentsForRun: [null] });
    expect(await bench.anonymous.refused(source, { refs })).toMatchObject({ code: 'UNAUTHENTICATED' });
    const many = Array.from({ length: 501 }, () => ({ id: randomUUID() }));
    expect(await owner.refused(source, { refs: many })).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('agents by their ids', () => {
  it('are those in use, in order, found with one statement', async () => {
    const [one, two, archived] = [await create(), await create(), await create()];
    await owner.ask(archive, { id: archived });
    const ids = [two, randomUUID(), archived, 'no-id', one, two];
    let answer: unknown;
    const statements = await bench.countStatements(async () => {
      answer = await owner.ask(BY_IDS, { ids });
    });
    expect(answer).toEqual({ agentsById: [{ id: two }, null, null, null, { id: one }, { id: two }] });
    expect(statements).toBe(1);
    expect(await bench.caller().ask(BY_IDS, { ids: [one] })).toEqual({ agentsById: [null] });
  });

  it('are only those that can answer where that is asked for', async () => {
    const [published, draft, archived] = [await create(), await create({ publish: false }), await create()];
    await owner.ask(archive, { id: archived });
    const source = 'query ($ids: [ID!]!) { agentsById(ids: $ids, thatAnswer: true) { id } }';
    expect(await owner.ask(source, { ids: [draft, archived, published] })).toEqual({
      agentsById: [null, null, { id: published }],
    });
  });

  it('are refused in numbers that no conversation has', async () => {
    const ids = Array.from({ length: 501 }, () => randomUUID());
    expect(await owner.refused(BY_IDS, { ids })).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('statements', () => {
  it('do not grow with the number of agents', async () => {
    const other = bench.caller();
    for (let i = 0; i < 12; i++) await create({}, other);
    const source = `query ($first: Int) { agents(first: $first) { nodes {
      name instructions model draft { hasUnpublishedChanges problems { path } } publishedVersion { number author { id } }
      version(number: 1) { note } versions(first: 2) { totalCount nodes { number } } } } }`;
    const few = await bench.countStatements(() => other.ask(source, { first: 1 }));
    const many = await bench.countStatements(() => other.ask(source, { first: 12 }));
    expect(many).toBe(few);
    expect(many).toBeLessThanOrEqual(5);
  });

  it('do not grow with the number of teams either, nor with who is in them', async () => {
    const other = bench.caller();
    const members = await Promise.all(Array.from({ length: 6 }, () => create({}, other)));
    const teamOf = (ids: string[]) => ({ nodes: ids.map((agentId, at) => ({ key: `n${at}`, agentId })), parallel: {} });
    const inner = await create({ team: teamOf(members) }, other);
    for (let i = 0; i < 6; i++) await create({ team: teamOf([...members, inner]) }, other);
    const source = `query ($first: Int) { agents(first: $first, filter: {kind: TEAM}) { nodes {
      kind team { nodes { agent { name } } flow { pattern } } draft { problems { path } }
      usedBy(first: 3) { totalCount nodes { name } } } } }`;
    const few = await bench.countStatements(() => other.ask(source, { first: 1 }));
    const many = await bench.countStatements(() => other.ask(source, { first: 7 }));
    expect(many).toBeLessThanOrEqual(few + 1);
  });

  it('count a list only where that is asked for', async () => {
    const source = (fields: string) => `{ agents(first: 2) { ${fields} } }`;
    expect(await bench.countStatements(() => owner.ask(source('nodes { name }')))).toBe(1);
    expect(await bench.countStatements(() => owner.ask(source('nodes { name } totalCount')))).toBe(2);
  });
});
