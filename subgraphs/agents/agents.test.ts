import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { withAdmin } from '#test/support/database';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

let test: TestServer;
let owner: Person;
beforeAll(async () => {
  test = await startTestServer();
  owner = await test.seed.owner();
});

interface Draft {
  name: string;
  revision: number;
  hasUnpublishedChanges: boolean;
  definition: { instructions: string; temperature: number | null; metadata: object };
}
interface Agent {
  id: string;
  name: string;
  status: string;
  instructions: string;
  temperature: number | null;
  archivedAt: string | null;
  draft: Draft;
  publishedVersion: { number: number; restoredFrom: number | null; note: string } | null;
}

const AGENT = `id name status instructions model temperature archivedAt
  draft { name revision hasUnpublishedChanges definition { instructions temperature metadata } }
  publishedVersion { number restoredFrom note author { id } }`;

type Headers = Record<string, string>;

const change = async (field: string, input: object, headers: Headers = {}): Promise<Agent> => {
  const type = `${field[0]?.toUpperCase()}${field.slice(1)}Input!`;
  const source = `mutation ($input: ${type}) { ${field}(input: $input) { agent { ${AGENT} } } }`;
  const answer = await owner.client.request<Record<string, { agent: Agent }>>(source, { input }, headers);
  return answer[field]?.agent as Agent;
};
const refusal = (field: string, input: object) => {
  const type = `${field[0]?.toUpperCase()}${field.slice(1)}Input!`;
  return owner.client.refusal(`mutation ($input: ${type}) { ${field}(input: $input) { agent { id } } }`, { input });
};

interface OutboxRow {
  type: string;
  payload: { agentId: string };
  actor: object;
}

/** What was told of an agent to whoever reacts to events, oldest first. */
const events = (agentId: string): Promise<OutboxRow[]> =>
  withAdmin(test.database.url, async (admin) => {
    const sql = "select type, payload, actor from outbox_events where payload->>'agentId' = $1 order by id";
    return (await admin.query<OutboxRow>(sql, [agentId])).rows;
  });

describe('createAgent', () => {
  it('publishes the agent at once, so that it answers', async () => {
    const agent = await change('createAgent', { name: ' Ada ', instructions: 'Be exact.', temperature: 0 });
    expect(agent).toMatchObject({
      name: 'Ada',
      status: 'PUBLISHED',
      instructions: 'Be exact.',
      model: null,
      temperature: 0,
      draft: { revision: 1, hasUnpublishedChanges: false },
      publishedVersion: { number: 1, restoredFrom: null, author: { id: owner.id } },
    });
    const written = await events(agent.id);
    expect(written.map((event) => event.type)).toEqual(['agent.created', 'agent.published']);
    expect(written[1]).toMatchObject({ actor: { userId: owner.id }, payload: { number: 1 } });
    expect(JSON.stringify(written)).not.toContain('Be exact');
  });

  it('makes a draft when asked to, which shows itself', async () => {
    const agent = await change('createAgent', { name: 'Bob', instructions: 'Draft me', publish: false });
    expect(agent).toMatchObject({
      status: 'DRAFT',
      instructions: 'Draft me',
      draft: { hasUnpublishedChanges: true },
      publishedVersion: null,
    });
  });

  it('makes a draft and says so where the caller may not publish, or the model is not to be had', async () => {
    const source = `mutation ($input: CreateAgentInput!) { createAgent(input: $input) {
      published reason version { number } agent { status draft { problems { severity path message } } } } }`;
    const member = await test.seed.member(owner);
    expect(
      await member.client.request(source, { input: { name: 'Made by a member', instructions: 'x' } }),
    ).toMatchObject({
      createAgent: {
        published: false,
        version: null,
        reason: expect.stringContaining('agents:publish'),
        agent: { status: 'DRAFT', draft: { problems: [] } },
      },
    });
    expect(
      await owner.client.request(source, { input: { name: 'Odd', instructions: 'x', model: 'gemini/x' } }),
    ).toMatchObject({
      createAgent: {
        published: false,
        reason: expect.stringContaining('GEMINI_API_KEY'),
        agent: { draft: { problems: [{ severity: 'ERROR', path: 'definition.model' }] } },
      },
    });
  });
});

it('has its effect once where a request comes twice, and answers alike', async () => {
  const twice = { 'idempotency-key': newId() };
  const [one, other] = [
    await change('createAgent', { name: 'Once' }, twice),
    await change('createAgent', { name: 'Once' }, twice),
  ];
  expect(other).toEqual(one);
  expect(await events(one.id)).toHaveLength(2);
  const publishTwice = { 'idempotency-key': newId() };
  await change('updateAgentDraft', { agentId: one.id, instructions: 'Two' });
  const published = await change('publishAgent', { agentId: one.id }, publishTwice);
  await change('updateAgentDraft', { agentId: one.id, instructions: 'Three', model: 'gemini/gone' });
  expect((await change('publishAgent', { agentId: one.id }, publishTwice)).draft).toEqual(published.draft);
});

describe('a draft', () => {
  it('is edited part by part, and what is published stays', async () => {
    const made = await change('createAgent', { name: 'Cy', instructions: 'One', temperature: 1, metadata: { a: 'b' } });
    const edited = await change('updateAgentDraft', { agentId: made.id, name: 'Cyd', temperature: null });
    expect(edited).toMatchObject({
      name: 'Cy',
      temperature: 1,
      draft: {
        name: 'Cyd',
        revision: 2,
        hasUnpublishedChanges: true,
        definition: { instructions: 'One', temperature: null, metadata: { a: 'b' } },
      },
    });
    expect((await events(made.id)).at(-1)).toMatchObject({
      type: 'agent.draft_updated',
      payload: { revision: 2, changed: ['name', 'definition.temperature'] },
    });
  });

  it('keeps its revision where an edit changes nothing', async () => {
    const made = await change('createAgent', { name: 'Di', instructions: 'One' });
    expect((await change('updateAgentDraft', { agentId: made.id, instructions: 'One' })).draft.revision).toBe(1);
    expect(await events(made.id)).toHaveLength(2);
  });

  it('refuses an edit of a revision that has moved on, and names the present one', async () => {
    const { id: agentId } = await change('createAgent', { name: 'Ed' });
    await change('updateAgentDraft', { agentId, expectedRevision: 1, instructions: 'Two' });
    for (const field of ['updateAgentDraft', 'discardAgentDraft', 'publishAgent']) {
      const error = await refusal(field, { agentId, expectedRevision: 1 });
      expect(error).toMatchObject({ extensions: { code: 'CONFLICT', revision: 2 } });
    }
  });

  it('lets one of many edits of the same revision through', async () => {
    const { id: agentId } = await change('createAgent', { name: 'Fay' });
    const source = `mutation ($input: UpdateAgentDraftInput!) { updateAgentDraft(input: $input) { agent { id } } }`;
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        owner.client.send(source, { input: { agentId, expectedRevision: 1, instructions: `Try ${i}` } }),
      ),
    );
    expect(answers.filter((answer) => !answer.errors)).toHaveLength(1);
    expect(answers.flatMap((answer) => answer.errors?.[0]?.extensions.code ?? [])).toEqual(Array(9).fill('CONFLICT'));
  });

  it('can be discarded for what is published', async () => {
    const { id: agentId } = await change('createAgent', { name: 'Gus', instructions: 'One' });
    await change('updateAgentDraft', { agentId, name: 'Gustav', instructions: 'Two' });
    expect((await change('discardAgentDraft', { agentId })).draft).toMatchObject({
      name: 'Gus',
      revision: 3,
      hasUnpublishedChanges: false,
      definition: { instructions: 'One' },
    });
    const { id } = await change('createAgent', { name: 'Never published', publish: false });
    expect(await refusal('discardAgentDraft', { agentId: id })).toMatchObject({ extensions: { code: 'CONFLICT' } });
  });
});

describe('an archived agent', () => {
  it('is not edited or published until it is restored, and keeps its name', async () => {
    const { id: agentId } = await change('createAgent', { name: 'Hal' });
    const archived = await change('archiveAgent', { agentId });
    expect(archived).toMatchObject({ status: 'ARCHIVED', name: 'Hal', archivedAt: expect.any(String) });
    expect((await change('archiveAgent', { agentId })).archivedAt).toBe(archived.archivedAt);
    expect(await refusal('updateAgentDraft', { agentId, name: 'H' })).toMatchObject({
      extensions: { code: 'CONFLICT' },
    });
    expect(await refusal('publishAgent', { agentId })).toMatchObject({ extensions: { code: 'CONFLICT' } });
    expect(await refusal('rollBackAgent', { agentId, toVersion: 1 })).toMatchObject({
      extensions: { code: 'CONFLICT' },
    });
    expect(await change('restoreAgent', { agentId })).toMatchObject({ status: 'PUBLISHED', archivedAt: null });
    const types = (await events(agentId)).map((event) => event.type);
    expect(types).toEqual(['agent.created', 'agent.published', 'agent.archived', 'agent.restored']);
  });
});

describe('duplicateAgent', () => {
  it('makes a draft of the other’s draft', async () => {
    const { id: agentId } = await change('createAgent', { name: 'x'.repeat(100), instructions: 'One' });
    await change('updateAgentDraft', { agentId, instructions: 'Two' });
    const copy = await change('duplicateAgent', { agentId });
    expect(copy).toMatchObject({ status: 'DRAFT', draft: { revision: 1, definition: { instructions: 'Two' } } });
    expect(copy.name).toBe(`${'x'.repeat(93)} (copy)`);
    expect(await change('duplicateAgent', { agentId, name: 'Twin' })).toMatchObject({ name: 'Twin' });
    expect((await events(copy.id))[0]).toMatchObject({ type: 'agent.created', payload: { copiedFrom: agentId } });
  });
});

it('the models and providers on offer are there for whoever edits agents', async () => {
  const source = '{ models { id provider isDefault available } modelProviders { id status message } }';
  expect(await owner.client.request(source)).toMatchObject({
    models: [{ id: 'offline/parley', provider: 'offline', isDefault: true, available: true }],
    modelProviders: [
      { id: 'offline', status: 'READY', message: null },
      { id: 'gemini', status: 'UNCONFIGURED', message: expect.stringContaining('GEMINI_API_KEY') },
      { id: 'openai', status: 'UNCONFIGURED', message: expect.stringContaining('OPENAI_API_KEY') },
    ],
  });
});
