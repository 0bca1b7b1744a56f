import type { ModelTurn, ModelUsage, ToolCallPart, ToolDeclaration, ToolResultPart } from './model.port.ts';

/** How a model answers in a live session. What it speaks is transcribed as well. */
export type LiveModality = 'AUDIO' | 'TEXT';

/** What a live session is set up with. It cannot be changed while the session lasts. */
export interface LiveRequest {
  /** The provider's own name of the model, without Parley's prefix. */
  model: string;
  system?: string;
  modality: LiveModality;
  /** One of the provider's prebuilt voices. */
  voice?: string;
  temperature?: number;
  maxOutputTokens?: number;
  tools?: ToolDeclaration[];
  /** Goes on where an earlier connection ended; see the event `resumption`. */
  handle?: string;
}

/** What is sent to a live model. */
export type LiveInput =
  /** What was said before, for the model to know; it does not answer to it. */
  | { type: 'history'; turns: ModelTurn[] }
  /** With `endOfTurn` the model answers, and stops what it was saying. */
  | { type: 'text'; text: string; endOfTurn: boolean }
  /** A piece of an endless recording. The model finds out by itself where somebody stops speaking. */
  | { type: 'audio'; data: string; mimeType: string }
  /** The recording pauses: what was heard so far is to be answered. */
  | { type: 'audio_end' }
  | { type: 'tool_results'; results: ToolResultPart[] };

/** What comes from a live model, in order. */
export type LiveEvent =
  | { type: 'text'; text: string }
  /** `data` is base64, such as 24 kHz PCM of 16 bits. */
  | { type: 'audio'; data: string; mimeType: string }
  /** What the model understood of the speech that it was sent. */
  | { type: 'input_transcript'; text: string }
  /** What the model is saying. */
  | { type: 'output_transcript'; text: string }
  | ToolCallPart
  /** The model no longer wants these calls answered. */
  | { type: 'tool_cancel'; ids: string[] }
  /** Somebody spoke over the model: what it was going to say is void. A `turn_end` follows. */
  | { type: 'interrupted' }
  | { type: 'turn_end' }
  /** Verbatim in `usage.raw`; several of them add up. */
  | { type: 'usage'; usage: ModelUsage }
  /** The provider is about to close this connection, in so many ms. */
  | { type: 'go_away'; timeLeftMs: number }
  /** Another connection can go on from here with `handle`; null while none could. */
  | { type: 'resumption'; handle: string | null };

/** One connection to a live model. */
export interface LiveConnection {
  /** Does nothing once the connection is gone; `next()` says so. */
  send(input: LiveInput): void;
  /** Bytes that were sent and have not left yet. */
  readonly unsentBytes: number;
  /** The next event. @throws ModelError where the connection ends, whoever ended it. */
  next(): Promise<LiveEvent>;
  close(): void;
}

export interface LiveOptions {
  /** Aborting it closes the connection. */
  signal: AbortSignal;
  /** How long the provider may take until the session is set up, in ms. Default 15,000. */
  setupTimeoutMs?: number;
}

/** The part of a provider that has live models. */
export interface LivePort {
  /** Resolves once the session is set up. @throws ModelError */
  connect(request: LiveRequest, options: LiveOptions): Promise<LiveConnection>;
}
