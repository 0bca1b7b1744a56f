import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KEYS } from '#core/model/dialect.fixture';
import { FaultServer, refuse } from '#core/model/fault-server.fixture';
import { type Bench, type Caller, startBench } from './agents.fixture.ts';

const list = refuse(200, {
  models: [
    {
      name: 'models/gemini-2.5-flash',
      displayName: 'Gemini 2.5 Flash',
      inputTokenLimit: 1_048_576,
      thinking: true,
      supportedGenerationMethods: ['generateContent'],
    },
    { name: 'models/gemini-2.0-flash', supportedGenerationMethods: ['generateContent'] },
    { name: 'models/gemini-live', supportedGenerationMethods: ['bidiGenerateContent'] },
  ],
});
const down = refuse(503, { error: { code: 503, message: `down, ${KEYS.gemini}`, status: 'UNAVAILABLE' } });
const withoutList = refuse(404, { error: { code: 404, message: 'no list', status: 'NOT_FOUND' } });

const gemini = new FaultServer();
let bench: Bench;
let owner: Caller;
beforeAll(async () => {
  await gemini.start();
  bench = await startBench({ geminiApiKey: KEYS.gemini, geminiBaseUrl: gemini.url, listCacheMs: 0 });
  owner = bench.caller();
});
beforeEach(() => gemini.play(list));
afterAll(() => Promise.all([bench.stop(), gemini.stop()]));

const MODELS =
  '{ models { id label provider limits { inputTokens } capabilities { chat thinking live } isDefault available } }';
const PROVIDERS = '{ modelProviders { id label status message } }';
const CREATE = `mutation ($input: CreateAgentInput!) { createAgent(input: $input) {
  published reason agent { id model draft { problems { severity path message } } } } }`;

interface Created {
  createAgent: {
    published: boolean;
    reason: string | null;
    agent: {
      id: string;
      model: string | null;
      draft: { problems: { severity: string; path: string; message: string }[] };
    };
  };
}

const create = async (input: object) =>
  (await owner.ask<Created>(CREATE, { input: { name: 'Ada', instructions: 'Be exact.', ...input } })).createAgent;

describe('models', () => {
  it('are those of every configured provider, with what they can do', async () => {
    expect(await owner.ask(MODELS)).toMatchObject({
      models: [
        {
          id: 'gemini/gemini-2.5-flash',
          label: 'Gemini 2.5 Flash',
          provider: 'gemini',
          limits: { inputTokens: 1_048_576 },
          capabilities: { chat: true, thinking: true, live: false },
          isDefault: true,
          available: true,
        },
        { id: 'gemini/gemini-2.0-flash', limits: { inputTokens: null }, isDefault: false, available: true },
        { id: 'gemini/gemini-live', capabilities: { chat: false, live: true }, available: false },
        { id: 'offline/parley', provider: 'offline', isDefault: false, available: true },
      ],
    });
  });

  it('are still listed where one provider is down', async () => {
    gemini.play(down);
    expect(await owner.ask('{ models { id } }')).toEqual({ models: [{ id: 'offline/parley' }] });
  });
});

describe('modelProviders', () => {
  it('says which is ready, and what to set for the others', async () => {
    expect(await owner.ask(PROVIDERS)).toEqual({
      modelProviders: [
        { id: 'gemini', label: 'Google Gemini', status: 'READY', message: null },
        { id: 'offline', label: expect.any(String), status: 'READY', message: null },
        {
          id: 'openai',
          label: 'OpenAI-compatible',
          status: 'UNCONFIGURED',
          message: expect.stringContaining('OPENAI_API_KEY'),
        },
      ],
    });
  });

  it('says what is wrong with one that is down, without a word of its own or the key', async () => {
    gemini.play(down);
    const answer = await owner.ask<{ modelProviders: object[] }>(PROVIDERS);
    expect(answer.modelProviders[0]).toMatchObject({ status: 'UNREACHABLE', message: expect.stringMatching(/\w+/) });
    expect(JSON.stringify(answer)).not.toContain(KEYS.gemini);
  });
});

describe('the model of an agent', () => {
  it.each([[null], ['gemini/gemini-2.5-flash'], ['gemini-2.5-flash'], ['offline/parley']])(
    '%s is published, and given back as it was given',
    async (model) => {
      expect(await create({ model })).toMatchObject({
        published: true,
        agent: { model, draft: { problems: [] } },
      });
    },
  );

  it.each([
    ['gemini/gemini-9', /Google Gemini does not offer "gemini\/gemini-9"/],
    ['nothing', /No provider offers "nothing"/],
    ['openai/gpt-9', /OpenAI-compatible is not set up. Set OPENAI_API_KEY/],
    ['gemini/gemini-live', /does not answer in text/],
  ])('%s is kept as a draft, and the reason given', async (model, reason) => {
    const { published, reason: said, agent } = await create({ model });
    expect({ published, said }).toEqual({ published: false, said: expect.stringMatching(reason) });
    expect(agent.draft.problems).toMatchObject([{ severity: 'ERROR', path: 'definition.model' }]);
    const publish = 'mutation ($id: ID!) { publishAgent(input: {agentId: $id}) { version { number } } }';
    expect(await owner.refused(publish, { id: agent.id })).toMatchObject({
      code: 'CONFLICT',
      extensions: { fields: [{ path: 'draft.definition.model' }] },
    });
  });

  it.each([
    ['is down', down],
    ['has no list', withoutList],
  ])('is taken with a warning where its provider %s', async (_, play) => {
    gemini.play(play);
    for (const model of ['gemini/gemini-9', 'gemini-9']) {
      expect(await create({ model })).toMatchObject({
        published: true,
        reason: null,
        agent: { draft: { problems: [{ severity: 'WARNING', path: 'definition.model' }] } },
      });
    }
  });

  it('is warned about where a setting has no effect on it', async () => {
    const { agent, published } = await create({
      model: 'gemini/gemini-2.0-flash',
      thinking: { effort: 'HIGH' },
      instructions: ' ',
    });
    expect(published).toBe(true);
    expect(agent.draft.problems).toMatchObject([
      { severity: 'WARNING', path: 'definition.instructions' },
      { severity: 'WARNING', path: 'definition.thinking', message: expect.stringContaining('does not think') },
    ]);
    const off = await create({ model: 'gemini/gemini-2.0-flash', thinking: { budgetTokens: 0 } });
    expect(off.agent.draft.problems).toEqual([]);
  });

  it('is not asked for where nobody looks at the problems of a draft', async () => {
    await owner.ask('{ agents { nodes { name model draft { definition { model } } } } }');
    expect(gemini.requests).toHaveLength(0);
  });

  it('can be rolled back to only where it is still to be had', async () => {
    const { agent } = await create({ model: 'gemini/gemini-2.0-flash' });
    const edit = `mutation ($id: ID!) { updateAgentDraft(input: {agentId: $id, model: null}) { agent { id } }
      publishAgent(input: {agentId: $id}) { version { number } } }`;
    await owner.ask(edit, { id: agent.id });
    gemini.play(refuse(200, { models: [] }));
    const back = 'mutation ($id: ID!) { rollBackAgent(input: {agentId: $id, toVersion: 1}) { version { number } } }';
    expect(await owner.refused(back, { id: agent.id })).toMatchObject({
      code: 'CONFLICT',
      extensions: { fields: [{ path: 'version.definition.model' }] },
    });
  });
});
