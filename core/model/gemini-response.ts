import type {
  Candidate,
  GenerateContentResponse,
  GenerateContentResponseUsageMetadata,
  ModalityTokenCount,
  Part,
  SafetyRating,
} from '@google/genai';
import { GEMINI_ID } from './gemini-request.ts';
import {
  type EndReason,
  type JsonObject,
  type JsonValue,
  type ModalityTokens,
  type ModelChunk,
  type ModelUsage,
  makeToolCallId,
} from './model.port.ts';
import { ModelError } from './model-error.ts';
import { blocked, emptyAnswer, type FaultContext, truncated } from './model-fault.ts';

const BLOCKING = new Set([
  'SAFETY',
  'RECITATION',
  'LANGUAGE',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
]);
const BROKEN_CALL = new Set(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS']);

/** Reads one streamed answer, response by response. */
export class GeminiAnswer {
  readonly #context: FaultContext;
  readonly #parts: Part[] = [];
  #finishReason: string | undefined;
  #usage: GenerateContentResponseUsageMetadata | undefined;
  #shown = false;
  #called = false;

  constructor(context: FaultContext) {
    this.#context = context;
  }

  /** The counts so far: each response carries those of the whole call, so the last one stands. */
  get usage(): ModelUsage | undefined {
    return this.#usage && toUsage(this.#usage);
  }

  /** True once the provider has said why the answer ended: what follows cannot change it. */
  get finished(): boolean {
    return this.#finishReason !== undefined;
  }

  /** Takes the counts of a response, which is to be read next. Returns them where it has any. */
  count({ usageMetadata }: GenerateContentResponse): ModelUsage | undefined {
    if (!usageMetadata) return undefined;
    this.#usage = usageMetadata;
    return this.usage;
  }

  /** @throws ModelError MODEL_BLOCKED, MODEL_BAD_RESPONSE */
  *read(response: GenerateContentResponse): Generator<ModelChunk> {
    const block = response.promptFeedback?.blockReason;
    if (block) {
      throw blocked('prompt', harmOf(response.promptFeedback?.safetyRatings) ?? block, this.#context);
    }
    const candidate = response.candidates?.[0];
    if (!candidate) return;
    for (const part of candidate.content?.parts ?? []) {
      this.#keep(part);
      yield* this.#chunksOf(part);
    }
    if (candidate.finishReason) this.#finishAs(candidate);
  }

  /**
   * What closes the stream: the usage, then the end.
   * @throws ModelError MODEL_TRUNCATED, MODEL_EMPTY
   */
  *end(): Generator<ModelChunk> {
    if (!this.#finishReason) throw truncated(this.#context);
    if (!this.#shown) throw emptyAnswer(this.#finishReason === 'MAX_TOKENS', this.#context);
    const { usage } = this;
    if (usage) yield { type: 'usage', usage };
    yield {
      type: 'end',
      reason: this.#reason(this.#finishReason),
      rawParts: { provider: GEMINI_ID, parts: this.#parts as unknown as JsonValue[] },
    };
  }

  #finishAs(candidate: Candidate) {
    const reason = String(candidate.finishReason);
    this.#finishReason = reason;
    if (BLOCKING.has(reason)) {
      throw blocked('answer', harmOf(candidate.safetyRatings) ?? reason, this.#context);
    }
    if (BROKEN_CALL.has(reason)) {
      throw new ModelError('MODEL_BAD_RESPONSE', `${this.#context.label} made a tool call that cannot be read.`);
    }
  }

  *#chunksOf(part: Part): Generator<ModelChunk> {
    if (part.functionCall) {
      const { id, name, args } = part.functionCall;
      if (!name) throw new ModelError('MODEL_BAD_RESPONSE', `${this.#context.label} called a tool without a name.`);
      this.#shown = true;
      this.#called = true;
      yield { type: 'tool_call', id: id || makeToolCallId(), name, args: (args ?? {}) as JsonObject };
    } else if (part.inlineData?.data) {
      this.#shown = true;
      const { mimeType = 'application/octet-stream', data } = part.inlineData;
      yield { type: 'image', mimeType, data };
    } else if (part.text && part.thought) {
      yield { type: 'thinking', text: part.text };
    } else if (part.text) {
      this.#shown = true;
      yield { type: 'text', text: part.text };
    }
  }

  /** Runs of plain text become one Part, which Gemini allows; a Part with a signature or anything else stays alone. */
  #keep(part: Part) {
    const last = this.#parts.at(-1);
    if (last && isPlain(last) && isPlain(part) && last.thought === part.thought) {
      this.#parts[this.#parts.length - 1] = { ...last, text: `${last.text}${part.text}` };
    } else {
      this.#parts.push(part);
    }
  }

  #reason(finishReason: string): EndReason {
    if (finishReason === 'MAX_TOKENS' || finishReason === 'CONTINUATION') return 'MAX_TOKENS';
    // Gemini says STOP where it waits for the results of its calls.
    if (this.#called) return 'TOOL_CALLS';
    return finishReason === 'STOP' ? 'STOP' : 'OTHER';
  }
}

const isPlain = (part: Part) =>
  typeof part.text === 'string' && Object.keys(part).every((key) => key === 'text' || key === 'thought');

const harmOf = (ratings: SafetyRating[] | undefined): string | undefined =>
  ratings?.find((rating) => rating.blocked)?.category ??
  ratings?.find((rating) => rating.probability === 'HIGH')?.category;

function toUsage(raw: GenerateContentResponseUsageMetadata): ModelUsage {
  return {
    inputTokens: raw.promptTokenCount ?? 0,
    cachedInputTokens: raw.cachedContentTokenCount ?? 0,
    toolUseInputTokens: raw.toolUsePromptTokenCount ?? 0,
    outputTokens: raw.candidatesTokenCount ?? 0,
    thinkingTokens: raw.thoughtsTokenCount ?? 0,
    totalTokens: raw.totalTokenCount ?? 0,
    details: [
      ...toDetails('input', raw.promptTokensDetails),
      ...toDetails('cachedInput', raw.cacheTokensDetails),
      ...toDetails('toolUseInput', raw.toolUsePromptTokensDetails),
      ...toDetails('output', raw.candidatesTokensDetails),
    ],
    raw: raw as unknown as JsonObject,
  };
}

export const toDetails = (of: ModalityTokens['of'], counts: ModalityTokenCount[] | undefined): ModalityTokens[] =>
  (counts ?? []).map(({ modality, tokenCount }) => ({
    of,
    modality: modality ?? 'MODALITY_UNSPECIFIED',
    tokens: tokenCount ?? 0,
  }));
