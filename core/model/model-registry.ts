import { GeminiProvider } from './gemini.provider.ts';
import { KNOWN_GEMINI_MODELS, PREFERRED_LIVE_MODELS, PREFERRED_MODELS } from './known-model.ts';
import type { ModelInfo, ModelProvider } from './model.port.ts';
import { isModelError, ModelError } from './model-error.ts';
import { OFFLINE_ID, OFFLINE_MODEL, type OfflineOptions, OfflineProvider } from './offline.provider.ts';
import { OpenAiProvider } from './openai.provider.ts';

export interface ModelRegistryOptions {
  /** `GEMINI_API_KEY`. Gemini is offered when this or `geminiBaseUrl` is set. */
  geminiApiKey?: string | undefined;
  /** `GEMINI_BASE_URL`: another server that speaks Gemini's API. */
  geminiBaseUrl?: string | undefined;
  /** `OPENAI_API_KEY`. OpenAI is offered when this or `openaiBaseUrl` is set. */
  openaiApiKey?: string | undefined;
  /** `OPENAI_BASE_URL`: another server that speaks chat completions, with its version, `http://localhost:11434/v1`. */
  openaiBaseUrl?: string | undefined;
  offline?: OfflineOptions;
  /** How long a provider may take to list its models, in ms. Default 5,000. */
  listTimeoutMs?: number;
  /** How long a list is used again, in ms. Default 60,000; a failed one is kept for a tenth of that. */
  listCacheMs?: number;
}

/** What one provider said when it was asked for its models. */
export interface ProviderStatus {
  provider: string;
  label: string;
  ok: boolean;
  /** The provider has no list: its models are those that Parley knows of, and it may well have others. */
  partial?: true;
  /** Why not, as a `ModelError`. */
  error?: ModelError;
}

export interface ModelListing {
  models: ModelInfo[];
  /** One for each configured provider, also for those whose models are missing from `models`. */
  providers: ProviderStatus[];
}

export interface ResolvedModel {
  provider: ModelProvider;
  /** What goes into `ModelRequest.model`. */
  model: string;
}

interface ProviderListing {
  models: ModelInfo[];
  status: ProviderStatus;
}

const NO_KEY = 'none';
const SETTINGS: Record<string, string> = { gemini: 'GEMINI_API_KEY', openai: 'OPENAI_API_KEY or OPENAI_BASE_URL' };

/** Every configured provider. Made once: each provider keeps one client and one pool of connections to its credential. */
export class ModelRegistry {
  readonly #providers: ModelProvider[];
  readonly #listTimeoutMs: number;
  readonly #listCacheMs: number;
  readonly #listings = new Map<string, { until: number; listing: Promise<ProviderListing> }>();

  constructor(options: ModelRegistryOptions = {}) {
    this.#providers = makeProviders(options);
    this.#listTimeoutMs = options.listTimeoutMs ?? 5_000;
    this.#listCacheMs = options.listCacheMs ?? 60_000;
  }

  /** In the order of preference: Gemini, OpenAI, offline; those that are configured. */
  get providers(): readonly ModelProvider[] {
    return this.#providers;
  }

  /** The models of all providers, asked at once. A provider that fails or is slow takes nothing from the others. */
  async list(): Promise<ModelListing> {
    const listings = await Promise.all(this.#providers.map((provider) => this.#listOf(provider)));
    return {
      models: listings.flatMap((listing) => listing.models),
      providers: listings.map((listing) => listing.status),
    };
  }

  /**
   * Finds the provider of a model. An id with a provider's prefix (`gemini/…`) is not looked up: whether the provider has
   * the model shows when it is called. A bare id (`gemini-2.5-flash`) goes to the first provider that lists it, else to
   * the first whose list is partial.
   * @throws ModelError MODEL_NOT_FOUND, naming what there is.
   */
  async resolve(modelId: string): Promise<ResolvedModel> {
    const slash = modelId.indexOf('/');
    const prefix = modelId.slice(0, Math.max(slash, 0));
    const provider = this.#providers.find((each) => each.id === prefix);
    if (provider) return { provider, model: modelId.slice(slash + 1) };

    const { models, providers } = await this.list();
    const holder =
      this.#providers.find((each) => models.some((model) => model.id === `${each.id}/${modelId}`)) ??
      (SETTINGS[prefix] ? undefined : this.#withPartialList(providers));
    if (holder) return { provider: holder, model: modelId };
    throw notFound(modelId, SETTINGS[prefix], models);
  }

  /** The id of a model with its provider's prefix. @throws ModelError MODEL_NOT_FOUND */
  async fullId(modelId: string): Promise<string> {
    const { provider, model } = await this.resolve(modelId);
    return `${provider.id}/${model}`;
  }

  #withPartialList(statuses: ProviderStatus[]): ModelProvider | undefined {
    const partial = statuses.find((status) => status.partial);
    return this.#providers.find((each) => each.id === partial?.provider);
  }

  /**
   * The id of the model for agents that name none: of Gemini when it is configured, else of OpenAI, else the offline one.
   * Where the provider lists its models and does not have the one that Parley prefers, the first that can chat; where
   * none of them can, the next provider's.
   */
  async defaultModel(): Promise<string> {
    for (const provider of this.#providers) {
      if (provider.id === OFFLINE_ID) break;
      const preferred = PREFERRED_MODELS[provider.id] ?? [];
      const { models, status } = await this.#listOf(provider);
      const chatting = models.filter((model) => model.capabilities.chat).map((model) => model.id);
      const known = preferred.find((id) => chatting.includes(id)) ?? chatting[0];
      if (known) return known;
      if (!status.ok) return preferred[0] ?? `${provider.id}/default`;
    }
    return `${OFFLINE_ID}/${OFFLINE_MODEL}`;
  }

  /**
   * The id of the live model for a session: the wanted one, where a provider lists it as live, else the one that Parley
   * prefers. Null where there is none.
   */
  async liveModel(wanted: string | null): Promise<string | null> {
    const { models } = await this.list();
    const live = models.filter((model) => model.capabilities.live).map((model) => model.id);
    if (wanted) return live.find((id) => id === wanted || id.endsWith(`/${wanted}`)) ?? null;
    return (
      Object.values(PREFERRED_LIVE_MODELS)
        .flat()
        .find((id) => live.includes(id)) ??
      live[0] ??
      null
    );
  }

  /** Closes the connections of every provider. */
  async close(): Promise<void> {
    await Promise.all(this.#providers.map((provider) => provider.close?.()));
  }

  #listOf(provider: ModelProvider): Promise<ProviderListing> {
    const cached = this.#listings.get(provider.id);
    if (cached && cached.until > Date.now()) return cached.listing;
    const entry = { until: Date.now() + this.#listCacheMs, listing: listProvider(provider, this.#listTimeoutMs) };
    this.#listings.set(provider.id, entry);
    void entry.listing.then(({ status }) => {
      if (!status.ok) entry.until = Date.now() + this.#listCacheMs / 10;
    });
    return entry.listing;
  }
}

function makeProviders(options: ModelRegistryOptions): ModelProvider[] {
  const { geminiApiKey, geminiBaseUrl, openaiApiKey, openaiBaseUrl } = options;
  const providers: ModelProvider[] = [];
  if (geminiApiKey || geminiBaseUrl) {
    const apiKey = geminiApiKey || NO_KEY;
    providers.push(new GeminiProvider({ apiKey, ...(geminiBaseUrl && { baseUrl: geminiBaseUrl }) }));
  }
  if (openaiApiKey || openaiBaseUrl) {
    providers.push(
      new OpenAiProvider({
        ...(openaiApiKey && { apiKey: openaiApiKey }),
        ...(openaiBaseUrl && { baseUrl: openaiBaseUrl }),
      }),
    );
  }
  providers.push(new OfflineProvider(options.offline));
  return providers;
}

async function listProvider(provider: ModelProvider, timeoutMs: number): Promise<ProviderListing> {
  const status = { provider: provider.id, label: provider.label };
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return { models: await provider.listModels(signal), status: { ...status, ok: true } };
  } catch (cause) {
    // Proxies and emulators of Gemini often serve its models without the list of them.
    if (provider.id === 'gemini' && isModelError(cause) && cause.code === 'MODEL_NOT_FOUND') {
      return { models: KNOWN_GEMINI_MODELS, status: { ...status, ok: true, partial: true } };
    }
    return { models: [], status: { ...status, ok: false, error: toListError(provider, cause, signal) } };
  }
}

function toListError(provider: ModelProvider, cause: unknown, signal: AbortSignal): ModelError {
  if (signal.aborted) return new ModelError('MODEL_TIMEOUT', `${provider.label} took too long to list its models.`);
  if (isModelError(cause)) return cause;
  return new ModelError('MODEL_BAD_RESPONSE', `${provider.label} could not list its models.`, { cause });
}

const MOST_NAMED = 10;

function notFound(modelId: string, setting: string | undefined, models: ModelInfo[]): ModelError {
  const ids = models.map((model) => model.id);
  const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : '';
  const hint = setting ? ` Its provider is not set up: set ${setting}.` : '';
  const available = `${ids.slice(0, MOST_NAMED).join(', ')}${more}`;
  return new ModelError(
    'MODEL_NOT_FOUND',
    `There is no model called "${modelId.slice(0, 100)}".${hint} Available: ${available}.`,
  );
}
