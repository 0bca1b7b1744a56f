import { beforeAll, describe, expect, it } from 'vitest';
import { nodesOf, TEAM, TeamMaker } from './team-call.fixture.ts';

let maker: TeamMaker;
let ada: string;
let bob: string;
beforeAll(async () => {
  maker = await TeamMaker.open();
  [ada, bob] = await Promise.all([maker.agent('Ada'), maker.agent('Bob')]);
});

const read = async (id: string, as = maker) => {
  const { agent } = await as.client.request<{ agent: { kind: string; team: unknown } }>(
    `query ($id: ID!) { agent(id: $id) { kind team { ${TEAM} } } }`,
    { id },
  );
  return agent;
};

describe('a team', () => {
  it('is an agent that is read back as it was made, with every default', async () => {
    const id = await maker.team('Desk', { a: ada, b: bob });
    const step = { input: 'LAST', mapping: null, onError: 'FAIL', defaultValue: null, fallbackNode: null };
    const node = { version: null, description: null };
    expect(await read(id)).toEqual({
      kind: 'TEAM',
      team: {
        nodes: [
          { key: 'a', agentId: ada, ...node, agent: { name: 'Ada', status: 'PUBLISHED' } },
          { key: 'b', agentId: bob, ...node, agent: { name: 'Bob', status: 'PUBLISHED' } },
        ],
        flow: {
          __typename: 'SequentialTeam',
          pattern: 'SEQUENTIAL',
          steps: [
            { node: 'a', ...step },
            { node: 'b', ...step },
          ],
        },
      },
    });
    expect(await read(ada)).toEqual({ kind: 'MODEL', team: null });
  });

  it.each<[string, object, object]>([
    ['SupervisorTeam', { supervisor: {} }, { pattern: 'SUPERVISOR' }],
    [
      'HandoffTeam',
      { handoff: { edges: [{ from: 'a', to: 'b', description: 'For sums' }] } },
      { start: 'a', edges: [{ from: 'a', to: 'b', description: 'For sums' }], history: 'FULL', returns: 'STICKY' },
    ],
    [
      'ParallelTeam',
      { parallel: { joinCount: 1, branchRetries: 2 } },
      {
        branches: [
          { node: 'a', mapping: null },
          { node: 'b', mapping: null },
        ],
        join: 'N_OF_M',
        merge: 'CONCAT',
      },
    ],
    [
      'RouterTeam',
      {
        router: {
          rules: [{ condition: 'hour < 12', node: 'a' }],
          groups: [{ nodes: [{ node: 'a' }, { node: 'b', capacity: 3 }] }],
        },
      },
      {
        routerRules: [{ condition: 'hour < 12', node: 'a' }],
        groups: [
          {
            nodes: [
              { node: 'a', priority: 0, weight: 1, capacity: null },
              { node: 'b', priority: 0, weight: 1, capacity: 3 },
            ],
          },
        ],
        threshold: 0.5,
        selection: 'PRIORITY',
      },
    ],
    ['LoopTeam', { loop: { judge: 'b', maxIterations: 3 } }, { body: 'a', judge: 'b', criteria: '', maxIterations: 3 }],
    ['GroupChatTeam', { groupChat: { maxRounds: 2 } }, { speaker: 'ROUND_ROBIN', maxRounds: 2, chatRules: [] }],
  ])('can be a %s', async (__typename, pattern, flow) => {
    const id = await maker.agent(__typename, { team: { nodes: nodesOf({ a: ada, b: bob }), ...pattern } });
    expect(await read(id)).toMatchObject({ team: { flow: { __typename, ...flow } } });
  });

  it('is refused with every problem at its place', async () => {
    const refusal = await maker.refusedUpdate(await maker.agent('Eve'), {
      temperature: 3,
      team: {
        nodes: nodesOf({ a: ada, b: bob }),
        sequential: { steps: [{ node: 'a', mapping: '{{outputs.b}}' }, { node: 'c' }] },
      },
    });
    expect(refusal.extensions.code).toBe('BAD_USER_INPUT');
    expect(refusal.extensions.fields).toEqual([
      { path: 'input.temperature', message: 'It must be between 0 and 2.' },
      { path: 'input.team.sequential.steps.1.node', message: 'There is no node c.' },
      { path: 'input.team.nodes.1', message: 'Nothing leads to the node b: use it or take it out.' },
      {
        path: 'input.team.sequential.steps.0.mapping',
        message: 'The step a: {{outputs.b}}: no node b has worked before this one.',
      },
    ]);
  });

  it('has versions: compared by node, rolled back, discarded and copied like any agent’s', async () => {
    const id = await maker.team('Desk', { a: ada, b: bob });
    await maker.regroup(id, { b: bob });
    expect((await maker.diff(id, 1, null)).map(({ path }) => path)).toEqual([
      'definition.team.flow.steps',
      'definition.team.flow.steps.a.input',
      'definition.team.flow.steps.a.onError',
      'definition.team.nodes',
      'definition.team.nodes.a.agentId',
    ]);
    await maker.publish(id);
    expect(await read(id)).toMatchObject({ team: { nodes: [{ key: 'b' }] } });
    expect((await maker.rollBack(id, 1)).errors).toBeUndefined();
    expect(await maker.diff(id, 1, 3)).toEqual([]);
    expect(await maker.diff(id, 1, null)).toEqual([]);

    await maker.update(id, { team: null });
    expect(await read(id)).toMatchObject({ kind: 'TEAM' });
    await maker.client.request('mutation ($id: ID!) { discardAgentDraft(input: {agentId: $id}) { agent { id } } }', {
      id,
    });
    expect(await maker.diff(id, 3, null)).toEqual([]);
    const { duplicateAgent } = await maker.client.request<{ duplicateAgent: { agent: { id: string; kind: string } } }>(
      'mutation ($id: ID!) { duplicateAgent(input: {agentId: $id}) { agent { id kind } } }',
      { id },
    );
    expect(duplicateAgent.agent.kind).toBe('TEAM');
    expect(await read(duplicateAgent.agent.id)).toEqual(await read(id));
  });

  it('can be told from single agents in the list', async () => {
    const other = maker.as(await maker.test.seed.owner());
    const cora = await other.agent('Cora');
    await other.team('Desk', { c: cora });
    const list = 'query ($kind: AgentKind) { agents(filter: {kind: $kind}) { totalCount nodes { name } } }';
    expect(await other.client.request(list, { kind: 'TEAM' })).toEqual({
      agents: { totalCount: 1, nodes: [{ name: 'Desk' }] },
    });
    expect(await other.client.request(list, { kind: 'MODEL' })).toEqual({
      agents: { totalCount: 1, nodes: [{ name: 'Cora' }] },
    });
    expect(await other.client.request(list)).toMatchObject({ agents: { totalCount: 2 } });
  });
});

describe('the settings of an agent', () => {
  it('take tools, a schema and limits beyond 32 bits, and give them back', async () => {
    const id = await maker.agent('Tess', {
      tools: [{ name: 'clock' }, { name: 'search', approval: { rule: 'WHEN', condition: 'args.count > 5' } }],
      outputSchema: { type: 'object', properties: { sum: { type: 'number' } } },
      limits: { maxTokens: 900_000_000, maxCostMicros: 900_000_000_000, onLimit: 'ESCALATE' },
    });
    const source = `query ($id: ID!) { agent(id: $id) { draft { definition {
      kind tools { name approval { rule condition role expiresInSeconds onExpiry } } outputSchema
      limits { maxTokens maxCostMicros maxSteps onLimit } team { flow { pattern } } } } } }`;
    expect(await maker.client.request(source, { id })).toEqual({
      agent: {
        draft: {
          definition: {
            kind: 'MODEL',
            tools: [
              { name: 'clock', approval: null },
              {
                name: 'search',
                approval: {
                  rule: 'WHEN',
                  condition: 'args.count > 5',
                  role: null,
                  expiresInSeconds: 86_400,
                  onExpiry: 'REJECT',
                },
              },
            ],
            outputSchema: { type: 'object', properties: { sum: { type: 'number' } } },
            limits: { maxTokens: 900_000_000, maxCostMicros: 900_000_000_000, maxSteps: null, onLimit: 'ESCALATE' },
            team: null,
          },
        },
      },
    });
  });

  it('keep a tool from being called like a node that its model is offered', async () => {
    const team = { nodes: nodesOf({ calculator: ada }), supervisor: {} };
    const { agent, reason } = await maker.create('Sam', { tools: [{ name: 'calculator' }], team });
    expect(reason).toContain('The tool calculator cannot be told from the node calculator');
    expect(await maker.problems(agent.id)).toMatchObject([{ severity: 'ERROR', path: 'definition.tools.calculator' }]);
    await maker.update(agent.id, { team: { nodes: nodesOf({ calculator: ada }), sequential: {} } });
    expect(await maker.problems(agent.id)).toEqual([]);
  });
});
