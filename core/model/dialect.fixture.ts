import { GeminiProvider } from './gemini.provider.ts';
import type { JsonObject, JsonValue, ModelProvider } from './model.port.ts';
import { OpenAiProvider } from './openai.provider.ts';

/** Long, and shaped like a real one, so that a search for it in errors means something. */
export const KEYS = { gemini: 'AIzaSy-test-8f3b2c1d9e7a6f5b4c3d2e1f0a9b', openai: 'sk-proj-test-1a2b3c4d5e6f7a8b9c0d' };

export interface ScriptedCall {
  id: string;
  name: string;
  args: JsonObject;
}

/** How one vendor writes its stream: the same conversation in different words. */
export interface Dialect {
  name: 'gemini' | 'openai';
  label: string;
  key: string;
  model: string;
  /** @param root The server's root, without a path. */
  makeProvider(root: string): ModelProvider;
  /** One event with the text. */
  text(text: string): string;
  thinking(text: string): string;
  calls(calls: ScriptedCall[]): string;
  /** The event that ends the answer, with usage where it is given. */
  finish(reason: 'STOP' | 'MAX_TOKENS' | 'BLOCKED', usage?: JsonObject): string;
  /** The same, but the prompt was blocked before any answer: as a body of status 200 or 400. */
  blockedPrompt: { status: number; body: JsonObject } | { event: string };
  /** A usage object with every count there is, and what the port must make of it. */
  usage: { raw: JsonObject; counts: Record<string, number>; details: JsonValue[] };
  refusal(status: number, message: string): JsonObject;
}

const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`;

const candidate = (parts: JsonValue[], more: JsonObject = {}) =>
  event({ candidates: [{ content: { role: 'model', parts }, index: 0, ...more }] });

export const GEMINI: Dialect = {
  name: 'gemini',
  label: 'Google Gemini',
  key: KEYS.gemini,
  model: 'gemini-2.5-flash',
  makeProvider: (root) => new GeminiProvider({ apiKey: KEYS.gemini, baseUrl: root }),
  text: (text) => candidate([{ text }]),
  thinking: (text) => candidate([{ text, thought: true }]),
  calls: (calls) => candidate(calls.map(({ id, name, args }) => ({ functionCall: { id, name, args } }))),
  finish(reason, usage) {
    const finishReason = reason === 'BLOCKED' ? 'SAFETY' : reason;
    const rating = { category: 'HARM_CATEGORY_DANGEROUS_CONTENT', probability: 'HIGH', blocked: true };
    return event({
      candidates: [{ index: 0, finishReason, ...(reason === 'BLOCKED' && { safetyRatings: [rating] }) }],
      ...(usage && { usageMetadata: usage }),
    });
  },
  blockedPrompt: { event: event({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }) },
  usage: {
    raw: {
      promptTokenCount: 120,
      cachedContentTokenCount: 40,
      toolUsePromptTokenCount: 7,
      candidatesTokenCount: 30,
      thoughtsTokenCount: 12,
      totalTokenCount: 169,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 100 },
        { modality: 'IMAGE', tokenCount: 20 },
      ],
      trafficType: 'ON_DEMAND',
    },
    counts: {
      inputTokens: 120,
      cachedInputTokens: 40,
      toolUseInputTokens: 7,
      outputTokens: 30,
      thinkingTokens: 12,
      totalTokens: 169,
    },
    details: [
      { of: 'input', modality: 'TEXT', tokens: 100 },
      { of: 'input', modality: 'IMAGE', tokens: 20 },
    ],
  },
  refusal: (status, message) => ({ error: { code: status, message, status: 'REFUSED' } }),
};

const choice = (delta: JsonObject, finish_reason: string | null = null) =>
  event({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4.1-mini',
    choices: [{ index: 0, delta, finish_reason }],
  });

export const OPENAI: Dialect = {
  name: 'openai',
  label: 'The OpenAI-compatible server',
  key: KEYS.openai,
  model: 'gpt-4.1-mini',
  makeProvider: (root) => new OpenAiProvider({ apiKey: KEYS.openai, baseUrl: `${root}/v1` }),
  text: (content) => choice({ content }),
  thinking: (text) => choice({ reasoning_content: text }),
  // The arguments come in two pieces, as they do from the real one.
  calls: (calls) =>
    calls
      .flatMap(({ id, name, args }, index) => {
        const json = JSON.stringify(args);
        const start = { index, id, type: 'function', function: { name, arguments: json.slice(0, 3) } };
        return [
          choice({ tool_calls: [start] }),
          choice({ tool_calls: [{ index, function: { arguments: json.slice(3) } }] }),
        ];
      })
      .join(''),
  finish(reason, usage) {
    const finishReason = { STOP: 'stop', MAX_TOKENS: 'length', BLOCKED: 'content_filter' }[reason];
    return `${choice({}, finishReason)}${usage ? event({ id: 'chatcmpl-1', choices: [], usage }) : ''}data: [DONE]\n\n`;
  },
  blockedPrompt: { status: 400, body: { error: { message: 'filtered', type: null, code: 'content_filter' } } },
  usage: {
    raw: {
      prompt_tokens: 120,
      completion_tokens: 42,
      total_tokens: 162,
      prompt_tokens_details: { cached_tokens: 40, audio_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 12, audio_tokens: 0, accepted_prediction_tokens: 0 },
    },
    counts: {
      inputTokens: 120,
      cachedInputTokens: 40,
      toolUseInputTokens: 0,
      outputTokens: 30,
      thinkingTokens: 12,
      totalTokens: 162,
    },
    details: [{ of: 'input', modality: 'AUDIO', tokens: 5 }],
  },
  refusal: (_status, message) => ({ error: { message, type: 'refused', code: null, param: null } }),
};

export const DIALECTS = [GEMINI, OPENAI];
