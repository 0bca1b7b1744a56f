import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';
import { guardStream } from './idle-timeout.ts';
import {
  type EndReason,
  type FileInput,
  type ModelChunk,
  type ModelInfo,
  type ModelPart,
  type ModelProvider,
  type ModelRequest,
  type ModelUsage,
  makeToolCallId,
  type StreamOptions,
} from './model.port.ts';
import { ModelError } from './model-error.ts';
import { planAnswer } from './offline-answer.ts';
import { countTokens, toTokens } from './offline-token.ts';

export interface OfflineOptions {
  /** Between two tokens, in ms. The default is about the pace of a hosted model. */
  tokenDelayMs?: number;
  /** The clock that it tells the time from. */
  now?: () => Date;
}

export const OFFLINE_ID = 'offline';
export const OFFLINE_MODEL = 'parley';

const DEFAULT_TOKEN_DELAY_MS = 20;
/** What a picture counts, whatever its size. */
const IMAGE_TOKENS = 258;
/** As much as the others take, or more: it only counts them. */
const INLINE_BYTES = 24 * 1024 * 1024;
/** After so many tokens without a delay, others get their turn on the event loop. */
const BREATH = 64;

/** A stand-in for a language model that needs no key and no network. It says that it is none (see `planAnswer`). */
export class OfflineProvider implements ModelProvider {
  readonly id = OFFLINE_ID;
  readonly label = "Parley's offline model";
  readonly #tokenDelayMs: number;
  readonly #now: () => Date;

  constructor({ tokenDelayMs = DEFAULT_TOKEN_DELAY_MS, now = () => new Date() }: OfflineOptions = {}) {
    this.#tokenDelayMs = tokenDelayMs;
    this.#now = now;
  }

  async listModels(): Promise<ModelInfo[]> {
    return [
      {
        id: `${OFFLINE_ID}/${OFFLINE_MODEL}`,
        provider: OFFLINE_ID,
        label: 'Parley offline (no language model)',
        capabilities: { chat: true, images: true, tools: true, thinking: true, structuredOutput: true, live: false },
      },
    ];
  }

  stream(request: ModelRequest, options: StreamOptions): AsyncIterable<ModelChunk> {
    return guardStream((run) => this.#run(request, run.signal, options.onUsage), options);
  }

  /** It cannot look inside, and says so of each. */
  fileInput(): FileInput {
    const imageTypes = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/heic', 'image/heif'];
    return { imageTypes, pdf: true, inlineBytes: INLINE_BYTES };
  }

  async *#run(
    request: ModelRequest,
    signal: AbortSignal,
    onUsage: StreamOptions['onUsage'],
  ): AsyncGenerator<ModelChunk> {
    if (request.model !== OFFLINE_MODEL) {
      throw new ModelError('MODEL_NOT_FOUND', `There is no offline model called "${request.model}".`);
    }
    if (request.turns.length === 0) throw new ModelError('MODEL_INVALID_REQUEST', 'The conversation is empty.');
    const plan = planAnswer(request, this.#now());
    const limit = request.maxOutputTokens ?? Number.POSITIVE_INFINITY;
    let left = limit;

    const thinking = toTokens(plan.thinking ?? '').slice(0, left);
    left -= thinking.length;
    const inputTokens = countInput(request);
    yield* this.#paced('thinking', thinking, signal, (said) => onUsage?.(toUsage(inputTokens, 0, said)));

    const all = toTokens(plan.text ?? '');
    const text = all.slice(0, left);
    yield* this.#paced('text', text, signal, (said) => onUsage?.(toUsage(inputTokens, said, thinking.length)));

    if (plan.call) yield { type: 'tool_call', id: makeToolCallId(), ...plan.call };
    const callTokens = plan.call ? countTokens(JSON.stringify(plan.call)) : 0;
    yield { type: 'usage', usage: toUsage(inputTokens, text.length + callTokens, thinking.length) };
    yield { type: 'end', reason: endReason(plan.call !== undefined, text.length < all.length) };
  }

  async *#paced(
    type: 'text' | 'thinking',
    tokens: string[],
    signal: AbortSignal,
    onSaid: (tokens: number) => void,
  ): AsyncGenerator<ModelChunk> {
    for (const [index, text] of tokens.entries()) {
      if (this.#tokenDelayMs > 0) await sleep(this.#tokenDelayMs, undefined, { signal });
      else if (index % BREATH === 0) await breathe(undefined, { signal });
      onSaid(index + 1);
      yield { type, text };
    }
  }
}

function endReason(called: boolean, cut: boolean): EndReason {
  if (called) return 'TOOL_CALLS';
  return cut ? 'MAX_TOKENS' : 'STOP';
}

function countInput({ system = '', turns, tools = [] }: ModelRequest): number {
  const parts = turns.flatMap((turn) => turn.parts).map(countPart);
  const declared = tools.map((tool) => countTokens(JSON.stringify(tool)));
  return [countTokens(system), ...parts, ...declared].reduce((sum, count) => sum + count, 0);
}

function countPart(part: ModelPart): number {
  if (part.type === 'text') return countTokens(part.text);
  if (part.type === 'image' || part.type === 'document' || part.type === 'file') return IMAGE_TOKENS;
  return countTokens(JSON.stringify(part.type === 'tool_call' ? part.args : part.result));
}

function toUsage(inputTokens: number, outputTokens: number, thinkingTokens: number): ModelUsage {
  const totalTokens = inputTokens + outputTokens + thinkingTokens;
  const raw = { inputTokens, outputTokens, thinkingTokens, totalTokens };
  return { ...raw, cachedInputTokens: 0, toolUseInputTokens: 0, details: [], raw };
}
