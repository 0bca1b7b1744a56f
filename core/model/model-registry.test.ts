import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KEYS } from './dialect.fixture.ts';
import { FaultServer, refuse } from './fault-server.fixture.ts';
import { ModelRegistry, type ModelRegistryOptions } from './model-registry.ts';

const GEMINI_LIST = {
  models: ['gemini-2.0-flash', 'gemini-2.5-flash'].map((name) => ({
    name: `models/${name}`,
    supportedGenerationMethods: ['generateContent'],
  })),
};
const OPENAI_LIST = { object: 'list', data: [{ id: 'meta-llama/Llama-3.3' }, { id: 'qwen3' }] };

let gemini: FaultServer;
let openai: FaultServer;
const registries: ModelRegistry[] = [];

beforeEach(async () => {
  gemini = new FaultServer();
  openai = new FaultServer();
  await Promise.all([gemini.start(), openai.start()]);
  gemini.play(refuse(200, GEMINI_LIST));
  openai.play(refuse(200, OPENAI_LIST));
});
afterEach(async () => {
  await Promise.all(registries.splice(0).map((registry) => registry.close()));
  await Promise.all([gemini.stop(), openai.stop()]);
});

function make(options: ModelRegistryOptions) {
  const registry = new ModelRegistry(options);
  registries.push(registry);
  return registry;
}

const both = (more: ModelRegistryOptions = {}) =>
  make({
    geminiApiKey: KEYS.gemini,
    geminiBaseUrl: gemini.url,
    openaiApiKey: KEYS.openai,
    openaiBaseUrl: `${openai.url}/v1`,
    ...more,
  });

const ids = async (registry: ModelRegistry) => (await registry.list()).models.map((model) => model.id);

describe('list', () => {
  it('has the models of all providers', async () => {
    expect(await ids(both())).toEqual([
      'gemini/gemini-2.0-flash',
      'gemini/gemini-2.5-flash',
      'openai/meta-llama/Llama-3.3',
      'openai/qwen3',
      'offline/parley',
    ]);
  });

  it('has the offline model without any setting', async () => {
    const registry = make({});
    expect(await ids(registry)).toEqual(['offline/parley']);
    expect(await registry.defaultModel()).toBe('offline/parley');
  });

  it('hides nobody behind a provider that fails, and reports it', async () => {
    gemini.play(refuse(401, { error: { code: 401, message: `bad ${KEYS.gemini}`, status: 'UNAUTHENTICATED' } }));
    const { models, providers } = await both().list();
    expect(models.map(({ provider }) => provider)).toEqual(['openai', 'openai', 'offline']);
    expect(providers).toMatchObject([
      { provider: 'gemini', ok: false, error: { code: 'MODEL_AUTHENTICATION' } },
      { provider: 'openai', ok: true },
      { provider: 'offline', ok: true },
    ]);
    expect(inspect(providers, { depth: 10 })).not.toContain(KEYS.gemini);
  });

  it('does not wait for a provider that hangs', async () => {
    gemini.play(() => undefined);
    const { models, providers } = await both({ listTimeoutMs: 150 }).list();
    expect(models).toHaveLength(3);
    expect(providers[0]).toMatchObject({ ok: false, error: { code: 'MODEL_TIMEOUT' } });
  });

  it('asks each provider once for callers that come together or soon after', async () => {
    const registry = both();
    await Promise.all([registry.list(), registry.list()]);
    await registry.list();
    expect(gemini.requests).toHaveLength(1);
    expect(openai.requests).toHaveLength(1);
  });

  it('asks again when the list is no longer fresh', async () => {
    const registry = both({ listCacheMs: 0 });
    await registry.list();
    await registry.list();
    expect(gemini.requests).toHaveLength(2);
  });

  it('asks a provider that failed again sooner than one that answered', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    gemini.play(refuse(503, { error: { code: 503, message: 'later', status: 'UNAVAILABLE' } }));
    const registry = both({ listCacheMs: 60_000 });
    await registry.list();
    vi.advanceTimersByTime(10_000);
    await registry.list();
    expect([gemini.requests.length, openai.requests.length]).toEqual([2, 1]);
    vi.useRealTimers();
  });

  it("knows Gemini's general models where its server has no list", async () => {
    gemini.play(refuse(404, { error: { code: 404, message: 'no list', status: 'NOT_FOUND' } }));
    const { models, providers } = await both().list();
    expect(models.map(({ id }) => id)).toContain('gemini/gemini-2.5-flash');
    expect(providers[0]).toMatchObject({ ok: true, partial: true });
  });

  it('gives a bare id that nobody lists to the server without a list, but no other provider’s id', async () => {
    gemini.play(refuse(404, { error: { code: 404, message: 'no list', status: 'NOT_FOUND' } }));
    expect(await both().resolve('gemini-9')).toMatchObject({ provider: { id: 'gemini' }, model: 'gemini-9' });
    const alone = make({ geminiApiKey: KEYS.gemini, geminiBaseUrl: gemini.url });
    await expect(alone.resolve('openai/gpt-9')).rejects.toThrow(/set OPENAI_API_KEY/);
  });
});

describe('resolve', () => {
  it.each([
    ['gemini/gemini-9', 'gemini', 'gemini-9'],
    ['openai/meta-llama/Llama-3.3', 'openai', 'meta-llama/Llama-3.3'],
    ['offline/parley', 'offline', 'parley'],
    ['gemini-2.5-flash', 'gemini', 'gemini-2.5-flash'],
    ['meta-llama/Llama-3.3', 'openai', 'meta-llama/Llama-3.3'],
    ['parley', 'offline', 'parley'],
  ])('%s is %s with %s', async (id, providerId, model) => {
    const resolved = await both().resolve(id);
    expect([resolved.provider.id, resolved.model]).toEqual([providerId, model]);
  });

  it('asks nobody about an id with a prefix', async () => {
    await both().resolve('gemini/gemini-2.5-flash');
    expect(gemini.requests).toHaveLength(0);
  });

  it('names what there is when there is no such model', async () => {
    await expect(both().resolve('gpt-99')).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      retryable: false,
      message: expect.stringMatching(/"gpt-99".*gemini\/gemini-2\.0-flash.*offline\/parley/),
    });
  });

  it('says what to set when the provider is not configured', async () => {
    await expect(make({}).resolve('gemini/gemini-2.5-flash')).rejects.toThrow(/set GEMINI_API_KEY.*offline\/parley/);
  });
});

describe('defaultModel', () => {
  it('is the preferred one of Gemini when that is set up', async () => {
    expect(await both().defaultModel()).toBe('gemini/gemini-2.5-flash');
  });

  it('is the first that the server has where it does not have the preferred one', async () => {
    const registry = make({ openaiBaseUrl: `${openai.url}/v1` });
    expect(await registry.defaultModel()).toBe('openai/meta-llama/Llama-3.3');
  });

  it('is of the next provider where the first has none that can chat', async () => {
    gemini.play(
      refuse(200, { models: [{ name: 'models/gemini-live', supportedGenerationMethods: ['bidiGenerateContent'] }] }),
    );
    expect(await both().defaultModel()).toBe('openai/meta-llama/Llama-3.3');
    openai.play(refuse(200, { object: 'list', data: [] }));
    expect(await both().defaultModel()).toBe('offline/parley');
  });

  it('is the preferred one where the list cannot be had', async () => {
    gemini.play(refuse(503, { error: { code: 503, message: 'later', status: 'UNAVAILABLE' } }));
    expect(await both().defaultModel()).toBe('gemini/gemini-2.5-flash');
  });
});

it('shows no key when it is printed, and makes its clients without a word', async () => {
  const warn = vi.spyOn(console, 'warn');
  vi.stubEnv('GOOGLE_API_KEY', 'one');
  vi.stubEnv('GEMINI_API_KEY', 'other');
  const registry = both();
  for (const shown of [inspect(registry, { depth: 10, showHidden: true }), JSON.stringify(registry)]) {
    expect(shown).not.toContain(KEYS.gemini);
    expect(shown).not.toContain(KEYS.openai);
  }
  expect(process.env.GOOGLE_API_KEY).toBe('one');
  expect(warn).not.toHaveBeenCalled();
  vi.unstubAllEnvs();
  warn.mockRestore();
});
