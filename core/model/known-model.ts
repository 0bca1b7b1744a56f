import type { ModelInfo } from './model.port.ts';

/** What an agent without a model of its own gets, by provider, best first. */
export const PREFERRED_MODELS: Readonly<Record<string, readonly string[]>> = {
  gemini: ['gemini/gemini-2.5-flash', 'gemini/gemini-flash-latest'],
  openai: ['openai/gpt-4.1-mini', 'openai/gpt-4o-mini'],
};

/** Gemini's general models, for servers that speak its API but have no list of models. */
export const KNOWN_GEMINI_MODELS: ModelInfo[] = [
  known('gemini-2.5-flash', 'Gemini 2.5 Flash'),
  known('gemini-2.5-flash-lite', 'Gemini 2.5 Flash-Lite'),
  known('gemini-2.5-pro', 'Gemini 2.5 Pro'),
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
