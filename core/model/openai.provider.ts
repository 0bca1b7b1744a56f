import OpenAI, { APIError } from 'openai';
import { HttpPool } from './http-pool.ts';
import { DEFAULT_IDLE_TIMEOUT_MS, type GuardedRun, guardStream } from './idle-timeout.ts';
import type { FileInput, ModelChunk, ModelInfo, ModelProvider, ModelRequest, StreamOptions } from './model.port.ts';
import { isModelError, type ModelError, modelCancelled } from './model-error.ts';
import { type FaultContext, httpFault, retryAfterMs, transportFault } from './model-fault.ts';
import { OPENAI_ID, toOpenAiRequest } from './openai-request.ts';
import { OpenAiAnswer } from './openai-response.ts';

export interface OpenAiOptions {
  /** Servers such as Ollama and vLLM need none. */
  apiKey?: string;
  /** Another server that speaks chat completions, with its version: `http://localhost:11434/v1`. Default: OpenAI's. */
  baseUrl?: string;
}

const OPENAI = 'https://api.openai.com/v1';
/** The SDK insists on a key; this one stands for none. */
const NO_KEY = 'none';
/** The longest that a timer can wait, 24 days: the stream's own time-outs decide, not the SDK's. */
const NEVER_MS = 2 ** 31 - 1;

/** Below the 50 MB that a request of OpenAI's may have. */
const INLINE_BYTES = 24 * 1024 * 1024;

/** OpenAI, or anything that speaks its chat completions, through OpenAI's own SDK and a pool of its own. */
export class OpenAiProvider implements ModelProvider {
  readonly id = OPENAI_ID;
  readonly label: string;
  readonly #client: OpenAI;
  readonly #pool = new HttpPool();
  readonly #secrets: readonly string[];
  readonly #isOpenAi: boolean;

  constructor({ apiKey, baseUrl = OPENAI }: OpenAiOptions) {
    this.#isOpenAi = new URL(baseUrl).hostname.endsWith('.openai.com');
    this.label = this.#isOpenAi ? 'OpenAI' : 'The OpenAI-compatible server';
    this.#secrets = apiKey ? [apiKey] : [];
    this.#client = new OpenAI({
      apiKey: apiKey || NO_KEY,
      baseURL: baseUrl,
      organization: null,
      project: null,
      maxRetries: 0,
      timeout: NEVER_MS,
      logLevel: 'off',
      fetch: this.#pool.fetch,
    });
  }

  async listModels(signal: AbortSignal): Promise<ModelInfo[]> {
    try {
      const models: ModelInfo[] = [];
      for await (const { id } of this.#client.models.list({ signal })) {
        if (!NO_CHAT.test(id)) models.push(toModelInfo(id));
      }
      return models;
    } catch (error) {
      throw signal.aborted ? modelCancelled() : toFault(error, this.#context());
    }
  }

  stream(request: ModelRequest, options: StreamOptions): AsyncIterable<ModelChunk> {
    const { signal, idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS, totalTimeoutMs } = options;
    return guardStream((run) => this.#run(request, run, options), {
      signal,
      idleTimeoutMs,
      ...(totalTimeoutMs !== undefined && { totalTimeoutMs }),
    });
  }

  fileInput(model: string): FileInput {
    const sees = SEES.test(model.toLowerCase());
    const imageTypes = sees ? ['image/png', 'image/jpeg', 'image/webp', 'image/gif'] : [];
    // Servers that only speak the API know pictures at most.
    return { imageTypes, pdf: sees && this.#isOpenAi, inlineBytes: INLINE_BYTES };
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async *#run(
    request: ModelRequest,
    run: GuardedRun,
    { requestId, onUsage }: StreamOptions,
  ): AsyncGenerator<ModelChunk> {
    const context = this.#context(request.model);
    const answer = new OpenAiAnswer(context);
    try {
      try {
        const chunks = await this.#client.chat.completions.create(toOpenAiRequest(request, this.#isOpenAi), {
          signal: run.signal,
          ...(requestId !== undefined && { headers: { 'x-request-id': requestId } }),
        });
        for await (const chunk of chunks) {
          run.progress();
          const counted = answer.count(chunk);
          if (counted) onUsage?.(counted);
          yield* answer.read(chunk);
        }
      } catch (error) {
        // A connection that breaks after the finish reason has lost nothing but, perhaps, the usage.
        if (isModelError(error) || !answer.finished) throw error;
      }
      yield* answer.end();
    } catch (error) {
      const fault = isModelError(error) ? error : toFault(error, context);
      const { usage } = answer;
      if (usage) fault.usage ??= usage;
      throw fault;
    }
  }

  #context(model?: string): FaultContext {
    return { label: this.label, secrets: this.#secrets, ...(model !== undefined && { model }) };
  }
}

function toFault(error: unknown, context: FaultContext): ModelError {
  if (!(error instanceof APIError)) return transportFault(error, context);
  const status = error.status ?? statusInStream(error);
  if (status === undefined) return transportFault(error, context);
  const refusal = {
    status,
    retryAfterMs: retryAfterMs(error.headers?.get('retry-after')),
    code: error.code ?? undefined,
    param: error.param ?? undefined,
    detail: error.message,
  };
  return httpFault(refusal, context, error);
}

/** An error that comes as a chunk of a stream that began well has no status but its code and type. */
function statusInStream({ error, code, type }: APIError): number | undefined {
  if (!error) return undefined;
  const number = Number(code);
  if (number >= 400 && number < 600) return number;
  const kind = `${code} ${type}`;
  if (/rate_limit|insufficient_quota/.test(kind)) return 429;
  if (/invalid_request|context_length|content_filter/.test(kind)) return 400;
  return 500;
}

/** Models in OpenAI's list that do not answer chat completions. The list itself does not say. */
const NO_CHAT =
  /embed|whisper|tts|dall-e|moderation|gpt-image|realtime|transcribe|sora|davinci|babbage|-instruct-0914|computer-use/;
const SEES = /gpt-4o|gpt-4\.1|gpt-4-turbo|gpt-5|^o[134]|vision|llava|-vl|pixtral|gemma-?3|llama-?4|qwen.*vl/;
const THINKS = /^o\d|gpt-5|gpt-oss|deepseek-r1|reasoner|qwq|thinking|qwen-?3/;

function toModelInfo(id: string): ModelInfo {
  const name = id.toLowerCase();
  return {
    id: `${OPENAI_ID}/${id}`,
    provider: OPENAI_ID,
    label: id,
    capabilities: {
      chat: true,
      images: SEES.test(name),
      tools: true,
      thinking: THINKS.test(name),
      structuredOutput: true,
      live: false,
    },
  };
}
