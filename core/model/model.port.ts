import type { LivePort } from './live.port.ts';

/** A value that survives JSON unchanged. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** A JSON object, such as the arguments of a tool call. */
export type JsonObject = { [key: string]: JsonValue };

/** A JSON Schema, draft 2020-12 or a subset of it. */
export type JsonSchema = Record<string, unknown>;

export interface TextPart {
  type: 'text';
  text: string;
}

/** A picture sent within the request. */
export interface ImagePart {
  type: 'image';
  /** Such as `image/png`. */
  mimeType: string;
  /** The bytes in base64, without a `data:` prefix. */
  data: string;
}

/** A file other than a picture, sent within the request. */
export interface DocumentPart {
  type: 'document';
  /** Such as `application/pdf`. */
  mimeType: string;
  /** The bytes in base64. */
  data: string;
  fileName: string;
}

/** Something that the provider fetches or already holds, named by its address. */
export interface FilePart {
  type: 'file';
  /** An `https:` address, or the provider's own name of an uploaded file. */
  uri: string;
  mimeType: string;
}

/** A tool that the model asked for. */
export interface ToolCallPart {
  type: 'tool_call';
  /** The provider's id, or one made here (see `isMadeToolCallId`) where the provider gave none. */
  id: string;
  name: string;
  args: JsonObject;
}

/** What a tool answered. `id` and `name` are those of the call. */
export interface ToolResultPart {
  type: 'tool_result';
  id: string;
  name: string;
  result: JsonValue;
  /** True when the tool failed; then `result` says why. */
  isError?: boolean;
}

export type ModelPart = TextPart | ImagePart | DocumentPart | FilePart | ToolCallPart | ToolResultPart;

/**
 * The provider's own Parts of a model turn, kept verbatim (with `thoughtSignature` and whatever else they hold), so that
 * the turn can be sent back unchanged. Used only when the turn goes to the same provider again.
 */
export interface RawParts {
  /** `ModelProvider.id` of the provider that wrote them. */
  provider: string;
  /** The model that wrote them, with its provider's prefix; left out as they come from the provider. */
  model?: string;
  parts: JsonValue[];
}

/** One turn of the conversation. A `tool` turn holds the results of the calls of the model turn before it. */
export interface ModelTurn {
  role: 'user' | 'model' | 'tool';
  parts: ModelPart[];
  /** Of a model turn: `end.rawParts` of the stream that made it. Takes the place of `parts` at the same provider. */
  rawParts?: RawParts;
}

export interface ToolDeclaration {
  name: string;
  description: string;
  /** JSON Schema of the arguments, an object at its root. */
  parameters: JsonSchema;
}

/** How much a model may think before it answers. What a provider does not know it ignores. */
export interface ThinkingOptions {
  /** Whether thinking is streamed as `thinking` chunks where the provider shows it. */
  include?: boolean;
  /** Gemini: tokens; 0 turns thinking off, -1 lets the model choose. */
  budgetTokens?: number;
  /** OpenAI `reasoning_effort`, Gemini 3 `thinkingLevel`. */
  effort?: 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH';
}

/** One of Gemini's safety settings, such as `HARM_CATEGORY_HARASSMENT` and `BLOCK_ONLY_HIGH`. Other providers have none. */
export interface SafetySetting {
  category: string;
  threshold: string;
}

export interface ModelRequest {
  /** The provider's own name of the model, without Parley's prefix: `gemini-2.5-flash`. */
  model: string;
  /** Instructions that stand above the conversation. */
  system?: string;
  /** At least one turn, oldest first. */
  turns: ModelTurn[];
  tools?: ToolDeclaration[];
  /** Whether the model may, must or must not call a tool. The default is `AUTO`. */
  toolChoice?: 'AUTO' | 'REQUIRED' | 'NONE';
  temperature?: number;
  /** An upper bound on the answer, thinking included. */
  maxOutputTokens?: number;
  thinking?: ThinkingOptions;
  /** The answer is to be JSON of this schema. Providers do not all hold it strictly: parse and check the answer. */
  responseSchema?: JsonSchema;
  safety?: SafetySetting[];
}

/** The tokens of one modality, where the provider tells them apart. */
export interface ModalityTokens {
  of: 'input' | 'cachedInput' | 'toolUseInput' | 'output';
  /** As the provider says it, in upper case: `TEXT`, `IMAGE`, `AUDIO`. */
  modality: string;
  tokens: number;
}

/**
 * The provider's counts of one call.
 *
 * | here | Gemini | OpenAI |
 * | --- | --- | --- |
 * | inputTokens, cached ones included | promptTokenCount | prompt_tokens |
 * | cachedInputTokens | cachedContentTokenCount | prompt_tokens_details.cached_tokens |
 * | toolUseInputTokens, not in inputTokens | toolUsePromptTokenCount | none: 0 |
 * | outputTokens, without thinking | candidatesTokenCount | completion_tokens - reasoning_tokens |
 * | thinkingTokens | thoughtsTokenCount | completion_tokens_details.reasoning_tokens |
 * | totalTokens | totalTokenCount | total_tokens |
 */
export interface ModelUsage {
  inputTokens: number;
  cachedInputTokens: number;
  toolUseInputTokens: number;
  outputTokens: number;
  thinkingTokens: number;
  totalTokens: number;
  details: ModalityTokens[];
  /** The provider's usage object, verbatim. */
  raw: JsonObject;
}

/**
 * Why the model stopped: at the end of its answer, at the limit of output tokens, for the results of the tools it
 * called, or for a reason that the provider does not explain. A blocked answer is a `ModelError`.
 */
export type EndReason = 'STOP' | 'MAX_TOKENS' | 'TOOL_CALLS' | 'OTHER';

/**
 * One event of a stream. Order: any number of `thinking`, `text`, `tool_call` and `image`, then at most one `usage` (none
 * where the server counts nothing), then exactly one `end`. A stream that cannot get there throws a `ModelError`.
 */
export type ModelChunk =
  | { type: 'text'; text: string }
  | { type: 'thinking'; text: string }
  | ToolCallPart
  | ImagePart
  | { type: 'usage'; usage: ModelUsage }
  | { type: 'end'; reason: EndReason; rawParts?: RawParts };

export interface ModelCapabilities {
  /** Answers through `stream`. A model that has only the Live API does not. */
  chat: boolean;
  /** Takes pictures. */
  images: boolean;
  tools: boolean;
  thinking: boolean;
  structuredOutput: boolean;
  /** Has a Live API: speech over a socket. */
  live: boolean;
}

export interface ModelInfo {
  /** With the provider's prefix: `gemini/gemini-2.5-flash`, `openai/gpt-4.1`, `offline/parley`. */
  id: string;
  /** `ModelProvider.id`. */
  provider: string;
  label: string;
  inputTokenLimit?: number;
  /** Where a provider does not list them (OpenAI's API), they are told from the model's name. */
  capabilities: ModelCapabilities;
}

export interface StreamOptions {
  /** Aborting it closes the connection to the provider and ends the stream with `MODEL_CANCELLED`. */
  signal: AbortSignal;
  /** How long the provider may be silent, in ms, before `MODEL_TIMEOUT`. Default `DEFAULT_IDLE_TIMEOUT_MS`. */
  idleTimeoutMs?: number;
  /** How long the whole stream may take, in ms, before `MODEL_TIMEOUT`. Without it there is no limit. */
  totalTimeoutMs?: number;
  /**
   * Called each time the provider has counted, with the counts of the whole call so far: what is known of a call that is
   * cut off. Most providers count only at the end.
   */
  onUsage?: (usage: ModelUsage) => void;
  /** Sent as `X-Request-Id`, so that a proxy's or server's log can be joined with ours. */
  requestId?: string;
}

/** What a model takes of files. */
export interface FileInput {
  /** The types of pictures: none where it cannot see. */
  imageTypes: readonly string[];
  pdf: boolean;
  /** How many bytes of files go within one request at most. */
  inlineBytes: number;
}

/** A file for the provider's own store. */
export interface FileUpload {
  fileName: string;
  mimeType: string;
  bytes: Uint8Array;
}

export interface UploadedFile {
  /** For a `FilePart`. */
  uri: string;
  /** Until when the provider keeps it. */
  expiresAt: Date;
}

/** The port to one source of language models. One instance serves any number of streams at once. */
export interface ModelProvider {
  /** The prefix of its models' ids: `gemini`, `openai`, `offline`. */
  readonly id: string;
  /** For people: `Google Gemini`. */
  readonly label: string;
  /** @throws ModelError */
  listModels(signal: AbortSignal): Promise<ModelInfo[]>;
  /**
   * One call of the model, without any retry (see `streamWithRetry`). Nothing is sent before the first `next()`; leaving
   * the loop closes the connection, even while it waits. Its `next()` throws nothing but `ModelError`.
   */
  stream(request: ModelRequest, options: StreamOptions): AsyncIterable<ModelChunk>;
  /** Live sessions, where the provider has them. */
  readonly live?: LivePort;
  /** What one of its models takes of files, as far as its name tells. */
  fileInput(model: string): FileInput;
  /**
   * Gives a file to the provider, to be named in requests for as long as it keeps it. Only where the provider has a store.
   * @throws ModelError
   */
  uploadFile?(file: FileUpload, signal: AbortSignal): Promise<UploadedFile>;
  /** Tells the credential's own store of files from that of another. Without secrets. */
  readonly account?: string;
  /** Closes pooled connections. Streams that are still open end with an error. */
  close?(): Promise<void>;
}

const MADE_ID = 'parley-call-';

/** An id for a tool call to which the provider gave none. */
export const makeToolCallId = (): string => MADE_ID + crypto.randomUUID();

/** True for ids that the provider does not know, and so must not be sent back to it. */
export const isMadeToolCallId = (id: string): boolean => id.startsWith(MADE_ID);
