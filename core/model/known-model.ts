import type { ModelInfo } from './model.port.ts';

/** What an agent without a model of its own gets, by provider, best first. */
export const PREFERRED_MODELS: Readonly<Record<string, readonly string[]>> = {
  gemini: ['gemini/gemini-2.5-flash', 'gemini/gemini-flash-latest'],
  openai: ['openai/gpt-4.1-mini', 'openai/gpt-4o-mini'],
};

/** What a live session without a model of its own gets, by provider, best first. */
export const PREFERRED_LIVE_MODELS: Readonly<Record<string, readonly string[]>> = {
  gemini: ['gemini/gemini-3.8-live', 'gemini/gemini-2.5-flash-native-audio-preview-12-2025'],
};

/** Gemini's general models, for servers that speak its API but have no list of models. */
export const KNOWN_GEMINI_MODELS: ModelInfo[] = [
  known('gemini-2.5-flash', 'Gemini 2.5 Flash'),
  known('gemini-2.5-flash-lite', 'Gemini 2.5 Flash-Lite'),
  known('gemini-2.5-pro', 'Gemini 2.5 Pro'),
  knownLive('gemini-3.8-live', 'Gemini 3.8 Live'),
];

function known(name: string, label: string): ModelInfo {
  return {
    id: `gemini/${name}`,
    provider: 'gemini',
    label,
    inputTokenLimit: 1_048_576,
    capabilities: { chat: true, images: true, tools: true, thinking: true, structuredOutput: true, live: false },
  };
}

function knownLive(name: string, label: string): ModelInfo {
  return {
    id: `gemini/${name}`,
    provider: 'gemini',
    label,
    inputTokenLimit: 131_072,
    capabilities: { chat: false, images: true, tools: true, thinking: false, structuredOutput: false, live: true },
  };
}

/** What models take whose providers do not say it, in tokens, by the beginning of their names: the first that fits counts. */
const KNOWN_INPUT_LIMITS: readonly [RegExp, number][] = [
  [/^gpt-4\.1/, 1_047_576],
  [/^gpt-5/, 272_000],
  [/^o\d/, 200_000],
  [/^(gpt-4o|gpt-4-turbo|chatgpt-4o)/, 128_000],
  [/^gpt-4/, 8_192],
  [/^gpt-3\.5/, 16_385],
  [/^gemini-/, 1_048_576],
  [/^claude-/, 200_000],
];

/** How many tokens a model takes, as far as its name tells it. `name` is the provider's own. */
export const knownInputLimit = (name: string): number | null =>
  KNOWN_INPUT_LIMITS.find(([pattern]) => pattern.test(name))?.[1] ?? null;
