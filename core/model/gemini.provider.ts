import { createHash } from 'node:crypto';
import { ApiError, GoogleGenAI, type Model } from '@google/genai';
import { GeminiFiles } from './gemini-files.ts';
import { GeminiLive } from './gemini-live.ts';
import { GEMINI_ID, toGeminiRequest } from './gemini-request.ts';
import { GeminiAnswer } from './gemini-response.ts';
import { HttpPool } from './http-pool.ts';
import { DEFAULT_IDLE_TIMEOUT_MS, type GuardedRun, guardStream } from './idle-timeout.ts';
import type { LivePort } from './live.port.ts';
import type {
  FileInput,
  FileUpload,
  ModelChunk,
  ModelInfo,
  ModelProvider,
  ModelRequest,
  StreamOptions,
  UploadedFile,
} from './model.port.ts';
import { isModelError, type ModelError, modelCancelled } from './model-error.ts';
import { type FaultContext, httpFault, retryAfterMs, transportFault } from './model-fault.ts';

export interface GeminiOptions {
  apiKey: string;
  /** Another server that speaks Gemini's REST API. Default: Google's. */
  baseUrl?: string;
}

const GOOGLE = 'https://generativelanguage.googleapis.com/';
const LABEL = 'Google Gemini';
const LARGEST_PAGE = 1000;

/** A request has 20 MB at most, of which base64 takes a third more than the bytes. */
const INLINE_BYTES = 12 * 1024 * 1024;
const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif'];

/** Gemini through Google's own SDK, on a pool of connections of its own. */
export class GeminiProvider implements ModelProvider {
  readonly id = GEMINI_ID;
  readonly label = LABEL;
  readonly live: LivePort;
  readonly #client: GoogleGenAI;
  readonly #pool = new HttpPool();
  readonly #secrets: readonly string[];
  readonly #files: GeminiFiles;
  readonly account: string;

  constructor(options: GeminiOptions) {
    this.#client = makeClient(options);
    this.live = new GeminiLive({ apiKey: options.apiKey, baseUrl: options.baseUrl ?? GOOGLE, label: LABEL });
    this.#secrets = [options.apiKey];
    this.account = `${GEMINI_ID}:${createHash('sha256').update(`${options.apiKey} ${options.baseUrl}`).digest('hex').slice(0, 32)}`;
    const connect = (signal: AbortSignal) =>
      makeClient(options, (input, init) => this.#pool.fetch(input, { ...init, signal }));
    this.#files = new GeminiFiles(connect, { label: LABEL, secrets: this.#secrets });
  }

  async listModels(signal: AbortSignal): Promise<ModelInfo[]> {
    const call = this.#beginCall();
    try {
      const httpOptions = { fetch: call.fetch };
      const pager = await this.#client.models.list({
        config: { pageSize: LARGEST_PAGE, abortSignal: signal, httpOptions },
      });
      const models: ModelInfo[] = [];
      for await (const model of pager) {
        const info = toModelInfo(model);
        if (info) models.push(info);
      }
      return models;
    } catch (error) {
      throw signal.aborted ? modelCancelled() : call.fault(error);
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
    const sees = model.startsWith('gemini');
    return { imageTypes: sees ? IMAGE_TYPES : [], pdf: sees, inlineBytes: INLINE_BYTES };
  }

  uploadFile(file: FileUpload, signal: AbortSignal): Promise<UploadedFile> {
    return this.#files.upload(file, signal);
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async *#run(
    request: ModelRequest,
    run: GuardedRun,
    { requestId, onUsage }: StreamOptions,
  ): AsyncGenerator<ModelChunk> {
    const call = this.#beginCall(request.model);
    const answer = new GeminiAnswer(call.context);
    try {
      const parameters = toGeminiRequest(request);
      parameters.config.abortSignal = run.signal;
      parameters.config.httpOptions = {
        fetch: call.fetch,
        ...(requestId !== undefined && { headers: { 'x-request-id': requestId } }),
      };
      try {
        for await (const response of await this.#client.models.generateContentStream(parameters)) {
          run.progress();
          const counted = answer.count(response);
          if (counted) onUsage?.(counted);
          yield* answer.read(response);
        }
      } catch (error) {
        // A connection that breaks after the finish reason has lost nothing.
        if (isModelError(error) || !answer.finished) throw error;
      }
      yield* answer.end();
    } catch (error) {
      throw withUsage(isModelError(error) ? error : call.fault(error), answer);
    }
  }

  /** What one HTTP call needs: a fetch that remembers the refusal's headers, which the SDK's error drops. */
  #beginCall(model?: string) {
    let refused: Response | undefined;
    const context: FaultContext = { label: LABEL, secrets: this.#secrets, ...(model !== undefined && { model }) };
    return {
      context,
      fetch: this.#pool.watched((response) => {
        if (!response.ok) refused = response;
      }),
      fault(error: unknown): ModelError {
        const status = refused?.status ?? (error instanceof ApiError ? error.status : undefined);
        if (status === undefined || status < 400) return transportFault(error, context);
        const detail = error instanceof Error ? error.message : '';
        const told = retryAfterMs(refused?.headers.get('retry-after')) ?? retryDelayMs(detail);
        const code = detail.includes('API_KEY_INVALID') ? 'API_KEY_INVALID' : undefined;
        return httpFault({ status, retryAfterMs: told, code, detail }, context, error);
      },
    };
  }
}

/** Google puts the wait into the body, as `google.rpc.RetryInfo`: `"retryDelay": "34.07s"`. */
function retryDelayMs(detail: string): number | undefined {
  const seconds = /"retryDelay"\s*:\s*"(\d+(?:\.\d+)?)s"/.exec(detail)?.[1];
  return seconds === undefined ? undefined : Math.round(Number(seconds) * 1000);
}

function withUsage(error: ModelError, answer: GeminiAnswer): ModelError {
  const { usage } = answer;
  if (usage) error.usage ??= usage;
  return error;
}

function makeClient({ apiKey, baseUrl }: GeminiOptions, fetch?: typeof globalThis.fetch): GoogleGenAI {
  // The SDK prints a warning where both its variables are set, though it is given its key here.
  const other = process.env.GOOGLE_API_KEY;
  delete process.env.GOOGLE_API_KEY;
  try {
    return new GoogleGenAI({
      apiKey,
      vertexai: false,
      httpOptions: { baseUrl: baseUrl ?? GOOGLE, ...(fetch && { fetch }) },
    });
  } finally {
    if (other !== undefined) process.env.GOOGLE_API_KEY = other;
  }
}

function toModelInfo(model: Model): ModelInfo | undefined {
  const actions = model.supportedActions ?? [];
  const chat = actions.includes('generateContent');
  const live = actions.includes('bidiGenerateContent');
  if (!model.name || !(chat || live)) return undefined;
  const name = model.name.replace(/^models\//, '');
  const isGemini = name.startsWith('gemini');
  return {
    id: `${GEMINI_ID}/${name}`,
    provider: GEMINI_ID,
    label: model.displayName ?? name,
    ...(model.inputTokenLimit !== undefined && { inputTokenLimit: model.inputTokenLimit }),
    capabilities: {
      chat,
      live,
      images: isGemini,
      tools: isGemini && !name.includes('image') && !name.includes('tts'),
      thinking: model.thinking ?? false,
      structuredOutput: isGemini && !name.includes('tts'),
    },
  };
}
