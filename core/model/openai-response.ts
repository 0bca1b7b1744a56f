import type { CompletionUsage } from 'openai/resources';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import {
  type EndReason,
  type JsonObject,
  type JsonValue,
  type ModalityTokens,
  type ModelChunk,
  type ModelUsage,
  makeToolCallId,
  type ToolCallPart,
} from './model.port.ts';
import { ModelError } from './model-error.ts';
import { blocked, emptyAnswer, type FaultContext, truncated } from './model-fault.ts';
import { OPENAI_ID } from './openai-request.ts';

type Delta = ChatCompletionChunk.Choice.Delta;
type CallDelta = ChatCompletionChunk.Choice.Delta.ToolCall;

/** A call while its arguments are still coming in. `extra` is what compatible servers add, such as a thought signature. */
interface OpenCall {
  index: number;
  id: string;
  name: string;
  args: string;
  extra: Record<string, unknown>;
}

/** Reads one streamed chat completion, chunk by chunk. */
export class OpenAiAnswer {
  readonly #context: FaultContext;
  readonly #calls: OpenCall[] = [];
  #text = '';
  #refusal = '';
  #finishReason: string | undefined;
  #usage: CompletionUsage | undefined;

  constructor(context: FaultContext) {
    this.#context = context;
  }

  /** Undefined where the server counts nothing, or had not yet done so. */
  get usage(): ModelUsage | undefined {
    return this.#usage && toUsage(this.#usage);
  }

  /** True once the server has said why the answer ended: what follows can only be the usage. */
  get finished(): boolean {
    return this.#finishReason !== undefined;
  }

  /** Takes the counts of a chunk, which is to be read next. Returns them where it has any. */
  count(chunk: ChatCompletionChunk): ModelUsage | undefined {
    if (!chunk.usage) return undefined;
    this.#usage = chunk.usage;
    return this.usage;
  }

  /** @throws ModelError MODEL_BLOCKED */
  *read(chunk: ChatCompletionChunk): Generator<ModelChunk> {
    const choice = chunk.choices?.[0];
    if (!choice) return;
    yield* this.#readDelta(choice.delta ?? {});
    if (choice.finish_reason) this.#finishReason = choice.finish_reason;
    if (choice.finish_reason === 'content_filter') throw blocked('answer', 'content_filter', this.#context);
  }

  /**
   * What closes the stream: the tool calls, the usage, then the end.
   * @throws ModelError MODEL_TRUNCATED, MODEL_EMPTY, MODEL_BLOCKED (a refusal), MODEL_BAD_RESPONSE
   */
  *end(): Generator<ModelChunk> {
    if (!this.#finishReason) throw truncated(this.#context);
    const atLimit = this.#finishReason === 'length';
    const calls = this.#calls.flatMap((call) => this.#complete(call, atLimit));
    if (calls.length === 0 && !this.#text) {
      if (this.#refusal) throw blocked('answer', 'refusal', this.#context);
      throw emptyAnswer(atLimit, this.#context);
    }
    yield* calls;
    const { usage } = this;
    if (usage) yield { type: 'usage', usage };
    yield { type: 'end', reason: toReason(this.#finishReason, calls.length > 0), rawParts: this.#rawParts(calls) };
  }

  *#readDelta(delta: Delta): Generator<ModelChunk> {
    const thinking = thinkingOf(delta);
    if (thinking) yield { type: 'thinking', text: thinking };
    if (delta.content) {
      this.#text += delta.content;
      yield { type: 'text', text: delta.content };
    }
    if (delta.refusal) this.#refusal += delta.refusal;
    for (const call of delta.tool_calls ?? []) this.#readCall(call);
  }

  #readCall(delta: CallDelta) {
    const { index = 0, id, function: fn, type: _, ...extra } = delta;
    let call = this.#calls.findLast((open) => open.index === index);
    // Some servers give every parallel call the index 0: another id with a name is another call.
    if (!call || (id && call.id && id !== call.id && fn?.name)) {
      call = { index, id: '', name: '', args: '', extra: {} };
      this.#calls.push(call);
    }
    if (id) call.id = id;
    if (fn?.name) call.name = fn.name;
    call.args += fn?.arguments ?? '';
    Object.assign(call.extra, extra);
  }

  /** A call that the token limit cut off is dropped: half of its arguments must not be run. */
  #complete(call: OpenCall, atLimit: boolean): ToolCallPart[] {
    try {
      const args: unknown = JSON.parse(call.args || '{}');
      if (!call.name || typeof args !== 'object' || args === null || Array.isArray(args)) {
        throw new SyntaxError('The arguments of a tool call are no JSON object.');
      }
      call.id ||= makeToolCallId();
      return [{ type: 'tool_call', id: call.id, name: call.name, args: args as JsonObject }];
    } catch (error) {
      if (atLimit) return [];
      const message = `${this.#context.label} made a tool call that cannot be read.`;
      throw new ModelError('MODEL_BAD_RESPONSE', message, { cause: error });
    }
  }

  #rawParts(done: ToolCallPart[]) {
    const calls = this.#calls.filter((call) => done.some(({ id }) => id === call.id));
    const message = {
      role: 'assistant',
      content: this.#text || null,
      ...(calls.length > 0 && {
        tool_calls: calls.map(({ id, name, args, extra }) => ({
          ...extra,
          id,
          type: 'function',
          function: { name, arguments: args || '{}' },
        })),
      }),
    };
    return { provider: OPENAI_ID, parts: [message as unknown as JsonValue] };
  }
}

/** No field of OpenAI's own: `reasoning_content` is DeepSeek's and vLLM's, `reasoning` Ollama's and OpenRouter's. */
function thinkingOf(delta: Delta): string {
  const { reasoning_content: long, reasoning: short } = delta as { reasoning_content?: unknown; reasoning?: unknown };
  if (typeof long === 'string') return long;
  return typeof short === 'string' ? short : '';
}

function toReason(finishReason: string, called: boolean): EndReason {
  if (finishReason === 'length') return 'MAX_TOKENS';
  // Some servers say "stop" where they wait for the results of their calls.
  if (called) return 'TOOL_CALLS';
  return finishReason === 'stop' ? 'STOP' : 'OTHER';
}

function toUsage(raw: CompletionUsage): ModelUsage {
  const input = raw.prompt_tokens_details;
  const output = raw.completion_tokens_details;
  // completion_tokens includes the reasoning tokens; the two counts of the port do not overlap.
  const thinkingTokens = output?.reasoning_tokens ?? 0;
  const details: ModalityTokens[] = [];
  if (input?.audio_tokens) details.push({ of: 'input', modality: 'AUDIO', tokens: input.audio_tokens });
  if (output?.audio_tokens) details.push({ of: 'output', modality: 'AUDIO', tokens: output.audio_tokens });
  return {
    inputTokens: raw.prompt_tokens ?? 0,
    cachedInputTokens: input?.cached_tokens ?? 0,
    toolUseInputTokens: 0,
    outputTokens: Math.max(0, (raw.completion_tokens ?? 0) - thinkingTokens),
    thinkingTokens,
    totalTokens: raw.total_tokens ?? 0,
    details,
    raw: raw as unknown as JsonObject,
  };
}
