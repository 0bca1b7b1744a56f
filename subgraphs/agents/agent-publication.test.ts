import { beforeAll, describe, expect, it } from 'vitest';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

let test: TestServer;
let owner: Person;
beforeAll(async () => {
  test = await startTestServer();
  owner = await test.seed.owner();
});

const CREATE = `mutation ($input: CreateAgentInput!) { createAgent(input: $input) { agent { id } } }`;
const UPDATE = `mutation ($input: UpdateAgentDraftInput!) { updateAgentDraft(input: $input) { agent { id } } }`;
const RESULT = `version { number note restoredFrom name definition { instructions } }
  agent { name instructions draft { revision hasUnpublishedChanges definition { instructions } } }`;
const PUBLISH = `mutation ($input: PublishAgentInput!) { publishAgent(input: $input) { ${RESULT} } }`;
const ROLL_BACK = `mutation ($input: RollBackAgentInput!) { rollBackAgent(input: $input) { ${RESULT} } }`;
const VERSIONS = `query ($id: ID!, $first: Int, $after: String) { agent(id: $id) { versions(first: $first, after: $after) {
  totalCount nodes { number name restoredFrom definition { instructions } } pageInfo { hasNextPage endCursor } } } }`;
const DIFF = `query ($id: ID!, $from: Int, $to: Int) { agentVersionDiff(agentId: $id, from: $from, to: $to) {
  from to changes { path kind before after hunks { oldStart lines { kind text } } } } }`;

interface Versions {
  agent: {
    versions: {
      totalCount: number;
      nodes: { number: number }[];
      pageInfo: { hasNextPage: boolean; endCursor: string };
    };
  };
}

const create = async (input: object = {}): Promise<string> => {
  const made = await owner.client.request<{ createAgent: { agent: { id: string } } }>(CREATE, {
    input: { name: 'Ada', instructions: 'One', ...input },
  });
  return made.createAgent.agent.id;
};
const update = (agentId: string, input: object) => owner.client.request(UPDATE, { input: { agentId, ...input } });
const publish = (agentId: string, input: object = {}) =>
  owner.client.request(PUBLISH, { input: { agentId, ...input } });

/** An agent with versions 1 to `count`, whose instructions are `Version N`. */
const withVersions = async (count: number): Promise<string> => {
  const id = await create({ instructions: 'Version 1' });
  for (let number = 2; number <= count; number++) {
    await update(id, { instructions: `Version ${number}` });
    await publish(id);
  }
  return id;
};

describe('publishAgent', () => {
  it('makes the draft the next version, under whose name the agent goes from then on', async () => {
    const id = await create();
    await update(id, { name: 'Ada L.', instructions: 'Two' });
    expect(await publish(id, { note: ' Sharper ' })).toEqual({
      publishAgent: {
        version: {
          number: 2,
          note: 'Sharper',
          restoredFrom: null,
          name: 'Ada L.',
          definition: { instructions: 'Two' },
        },
        agent: {
          name: 'Ada L.',
          instructions: 'Two',
          draft: { revision: 2, hasUnpublishedChanges: false, definition: { instructions: 'Two' } },
        },
      },
    });
    const { agent } = await owner.client.request<Versions>(VERSIONS, { id });
    expect(agent.versions.nodes).toMatchObject([
      { number: 2, name: 'Ada L.' },
      { number: 1, name: 'Ada', definition: { instructions: 'One' } },
    ]);
  });

  it('is seen by what comes after it in the same request', async () => {
    const id = await create();
    const versions = 'versions(first: 9) { totalCount nodes { number } }';
    const step = (text: string) => `
      edit${text}: updateAgentDraft(input: {agentId: $id, instructions: "${text}"}) { agent { ${versions} } }
      publish${text}: publishAgent(input: {agentId: $id}) { agent { ${versions} publishedVersion { number } } }`;
    expect(await owner.client.request(`mutation ($id: ID!) { ${step('Two')} ${step('Three')} }`, { id })).toMatchObject(
      {
        editTwo: { agent: { versions: { totalCount: 1 } } },
        publishTwo: { agent: { versions: { totalCount: 2, nodes: [{ number: 2 }, { number: 1 }] } } },
        publishThree: { agent: { versions: { totalCount: 3 }, publishedVersion: { number: 3 } } },
      },
    );
  });

  it('refuses to publish the same again', async () => {
    const id = await create();
    const error = await owner.client.refusal(PUBLISH, { input: { agentId: id } });
    expect(error).toMatchObject({
      extensions: { code: 'CONFLICT' },
      message: expect.stringContaining('nothing to publish'),
    });
  });

  it('refuses a model that nobody offers, with the path', async () => {
    const id = await create();
    await update(id, { model: 'offline/nothing' });
    const error = await owner.client.refusal(PUBLISH, { input: { agentId: id } });
    expect(error).toMatchObject({
      extensions: {
        code: 'CONFLICT',
        fields: [{ path: 'draft.definition.model', message: expect.stringContaining('does not offer') }],
      },
    });
  });

  it('lets one of many at once through, and leaves no gap in the numbers', async () => {
    const id = await create();
    for (let round = 0; round < 3; round++) {
      await update(id, { instructions: `Round ${round}` });
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => owner.client.send(PUBLISH, { input: { agentId: id } })),
      );
      expect(answers.filter((answer) => !answer.errors)).toHaveLength(1);
      expect(answers.flatMap((answer) => answer.errors?.[0]?.extensions.code ?? [])).toEqual(Array(7).fill('CONFLICT'));
    }
    const { agent } = await owner.client.request<Versions>(VERSIONS, { id });
    expect(agent.versions.nodes.map((version) => version.number)).toEqual([4, 3, 2, 1]);
  });

  it('numbers without a gap while others edit, publish and roll back', async () => {
    const id = await withVersions(3);
    const work = Array.from({ length: 24 }, (_, i) => async () => {
      if (i % 3 === 0) return owner.client.send(ROLL_BACK, { input: { agentId: id, toVersion: (i % 2) + 1 } });
      await owner.client.send(UPDATE, { input: { agentId: id, instructions: `Racer ${i}` } });
      return owner.client.send(PUBLISH, { input: { agentId: id } });
    });
    const answers = await Promise.all(work.map((step) => step()));
    const codes = new Set(answers.flatMap((answer) => answer.errors?.[0]?.extensions.code ?? []));
    expect([...codes].filter((code) => code !== 'CONFLICT')).toEqual([]);
    const published = answers.filter((answer) => !answer.errors).length;
    const { agent } = await owner.client.request<Versions>(VERSIONS, { id, first: 100 });
    const expected = Array.from({ length: 3 + published }, (_, i) => 3 + published - i);
    expect(agent.versions.nodes.map((version) => version.number)).toEqual(expected);
    expect(agent.versions.totalCount).toBe(3 + published);
  });
});

describe('rollBackAgent', () => {
  it('publishes an equal, new version, and the draft follows', async () => {
    const id = await withVersions(3);
    expect(await owner.client.request(ROLL_BACK, { input: { agentId: id, toVersion: 1, note: 'Back' } })).toMatchObject(
      {
        rollBackAgent: {
          version: { number: 4, restoredFrom: 1, note: 'Back', definition: { instructions: 'Version 1' } },
          agent: {
            instructions: 'Version 1',
            draft: { revision: 4, hasUnpublishedChanges: false, definition: { instructions: 'Version 1' } },
          },
        },
      },
    );
  });

  it('keeps a draft that holds unpublished edits', async () => {
    const id = await withVersions(2);
    await update(id, { instructions: 'Being written' });
    expect(await owner.client.request(ROLL_BACK, { input: { agentId: id, toVersion: 1 } })).toMatchObject({
      rollBackAgent: {
        agent: {
          instructions: 'Version 1',
          draft: { revision: 3, hasUnpublishedChanges: true, definition: { instructions: 'Being written' } },
        },
      },
    });
  });

  it('refuses what is published already, and a version that there is not', async () => {
    const id = await withVersions(2);
    const refused = (toVersion: number) => owner.client.refusal(ROLL_BACK, { input: { agentId: id, toVersion } });
    expect(await refused(2)).toMatchObject({ extensions: { code: 'CONFLICT' } });
    expect(await refused(9)).toMatchObject({ extensions: { code: 'NOT_FOUND' } });
    expect(await refused(-1)).toMatchObject({ extensions: { code: 'NOT_FOUND' } });
  });
});

describe('versions', () => {
  it('are paged, newest first', async () => {
    const id = await withVersions(5);
    const page = async (variables: object) =>
      (await owner.client.request<Versions>(VERSIONS, { id, ...variables })).agent.versions;
    const first = await page({ first: 2 });
    expect(first).toMatchObject({
      totalCount: 5,
      nodes: [{ number: 5 }, { number: 4 }],
      pageInfo: { hasNextPage: true },
    });
    const rest = await page({ first: 10, after: first.pageInfo.endCursor });
    expect(rest.nodes.map((version) => version.number)).toEqual([3, 2, 1]);
    expect(rest.pageInfo.hasNextPage).toBe(false);
    for (const after of ['nonsense', btoa('["x"]'), btoa('["99999999999"]'), btoa('["1","2"]')]) {
      const error = await owner.client.refusal(VERSIONS, { id, after });
      expect(error).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'after' }] } });
    }
  });

  it('differ from each other and from the draft as the diff says', async () => {
    const id = await create({ instructions: 'First line\nSecond line\n', temperature: 1 });
    await update(id, { instructions: 'First line\nAnother line\n', temperature: null });
    await publish(id);
    await update(id, { name: 'Bea' });
    const lines = [
      { kind: 'CONTEXT', text: 'First line' },
      { kind: 'REMOVED', text: 'Second line' },
      { kind: 'ADDED', text: 'Another line' },
    ];
    expect(await owner.client.request(DIFF, { id, from: 1, to: 2 })).toMatchObject({
      agentVersionDiff: {
        from: 1,
        to: 2,
        changes: [
          { path: 'definition.instructions', kind: 'CHANGED', hunks: [{ oldStart: 1, lines }] },
          { path: 'definition.temperature', kind: 'REMOVED', before: 1, after: null, hunks: null },
        ],
      },
    });
    expect(await owner.client.request(DIFF, { id, from: 2 })).toMatchObject({
      agentVersionDiff: {
        from: 2,
        to: null,
        changes: [{ path: 'name', kind: 'CHANGED', before: 'Ada', after: 'Bea' }],
      },
    });
    expect(await owner.client.request(DIFF, { id, from: 2, to: 2 })).toMatchObject({
      agentVersionDiff: { changes: [] },
    });
    expect(await owner.client.refusal(DIFF, { id, from: 7 })).toMatchObject({ extensions: { code: 'NOT_FOUND' } });
  });
});
