import type { ModelInfo } from '#core/model/model.port';
import type { ModelListing, ModelRegistry, ProviderStatus } from '#core/model/model-registry';
import type { AgentDefinition } from './agent-definition.ts';

export type ProviderState = 'READY' | 'UNCONFIGURED' | 'UNREACHABLE';

export interface ProviderFacts {
  id: string;
  label: string;
  status: ProviderState;
  /** For people: what is wrong or what to set. Null where nothing is. */
  message: string | null;
}

export interface ModelFacts extends ModelInfo {
  isDefault: boolean;
  available: boolean;
}

/** A shortcoming of a definition. An ERROR keeps it from being published. */
export interface DefinitionProblem {
  severity: 'ERROR' | 'WARNING';
  /** From the root of the draft: `definition.model`. */
  path: string;
  message: string;
}

/** What can be set up beside the offline model, and by which settings of the server. */
const PROVIDERS = [
  { id: 'gemini', label: 'Google Gemini', hint: 'Set GEMINI_API_KEY and start the server again.' },
  {
    id: 'openai',
    label: 'OpenAI-compatible',
    hint: 'Set OPENAI_API_KEY, or OPENAI_BASE_URL for Ollama, vLLM and the like, and start the server again.',
  },
] as const;

/** What there is to answer with, and whether a definition fits it. */
export class ModelService {
  constructor(private readonly registry: ModelRegistry) {}

  /** Every model that a configured provider offers. */
  async list(): Promise<ModelFacts[]> {
    const [{ models }, defaultId] = await Promise.all([this.registry.list(), this.registry.defaultModel()]);
    return models.map((model) => ({
      ...model,
      isDefault: model.id === defaultId,
      available: model.capabilities.chat,
    }));
  }

  /** Every provider that is or could be set up. */
  async listProviders(): Promise<ProviderFacts[]> {
    const { providers } = await this.registry.list();
    const configured = providers.map(
      ({ provider, label, ok, error }): ProviderFacts => ({
        id: provider,
        label,
        status: ok ? 'READY' : 'UNREACHABLE',
        message: ok ? null : (error?.message ?? `${label} cannot be reached.`),
      }),
    );
    const others = PROVIDERS.filter(({ id }) => !configured.some((provider) => provider.id === id)).map(
      ({ id, label, hint }): ProviderFacts => ({ id, label, status: 'UNCONFIGURED', message: hint }),
    );
    return [...configured, ...others];
  }

  /** The model that answers for a definition: its own, or the server's default. */
  async modelOf(definition: AgentDefinition): Promise<string> {
    return definition.model ?? (await this.registry.defaultModel());
  }

  /** What stands between a definition and a good answer. Asks the providers, whose lists are kept for a minute. */
  async check(definition: AgentDefinition): Promise<DefinitionProblem[]> {
    const listing = await this.registry.list();
    const wanted = await this.modelOf(definition);
    const model = findModel(wanted, listing);
    const problems: DefinitionProblem[] = [];
    if (definition.instructions.trim() === '') {
      problems.push(
        warning('definition.instructions', 'There are none: the agent will answer as the bare model does.'),
      );
    }
    if (!model) {
      if (definition.model !== null) problems.push(missingModel(wanted, listing));
    } else if (!model.capabilities.chat) {
      problems.push(error('definition.model', `${model.label} does not answer in text: choose another model.`));
    } else if (asksToThink(definition) && !model.capabilities.thinking) {
      problems.push(warning('definition.thinking', `${model.label} does not think: this has no effect.`));
    }
    return problems;
  }
}

/** Those of the problems that keep a definition from being published. */
export const blocking = (problems: DefinitionProblem[]): DefinitionProblem[] =>
  problems.filter((problem) => problem.severity === 'ERROR');

const error = (path: string, message: string): DefinitionProblem => ({ severity: 'ERROR', path, message });
const warning = (path: string, message: string): DefinitionProblem => ({ severity: 'WARNING', path, message });

const asksToThink = ({ thinking }: AgentDefinition): boolean => thinking !== null && thinking.budgetTokens !== 0;

/** An id with its provider's prefix, or a bare one that belongs to the first provider that lists it. */
function findModel(id: string, { models, providers }: ModelListing): ModelInfo | undefined {
  const candidates = [id, ...providers.map(({ provider }) => `${provider}/${id}`)];
  return candidates.flatMap((candidate) => models.find((model) => model.id === candidate) ?? []).at(0);
}

/** A model that no list holds is an error only where every list that could hold it is known to be whole. */
function missingModel(id: string, { providers }: ModelListing): DefinitionProblem {
  const path = 'definition.model';
  const prefix = id.includes('/') ? id.slice(0, id.indexOf('/')) : '';
  const named = providers.filter(({ provider }) => provider === prefix);
  const unset = PROVIDERS.find((provider) => provider.id === prefix);
  if (named.length === 0 && unset) return error(path, `${unset.label} is not set up. ${unset.hint}`);
  const asked = named.length > 0 ? named : providers;
  const unsure = asked.find(isUnsure);
  if (unsure) return warning(path, `Whether ${unsure.label} offers "${id}" cannot be told now.`);
  const who = named[0]?.label ?? 'No provider';
  return error(
    path,
    `${who} ${named[0] ? 'does not offer' : 'offers'} "${id}". The query "models" lists what there is.`,
  );
}

const isUnsure = ({ ok, partial }: ProviderStatus): boolean => !ok || partial === true;
