import type { ModelProvider, ModelRequest, ModelUsage } from '#core/model/model.port';
import { isModelError } from '#core/model/model-error';
import { streamWithRetry } from '#core/model/retry';
import { StorableStream } from '#core/storable-text';
import type { MessagePartValue } from '../message.type.ts';

/** One call of a model as it is stored: the provider's counts verbatim, or null where it gave none. */
export interface CallRecord {
  model: string;
  /** `SUCCEEDED`, or the code of the error that ended it. */
  outcome: string;
  usage: ModelUsage | null;
  startedAt: Date;
  finishedAt: Date;
}

/** What a model has said so far. Kept as it grows, so that a reply that ends early keeps what it has. */
export class ModelReply {
  readonly calls: CallRecord[] = [];
  readonly parts: MessagePartValue[] = [];

  /** The text without the thinking. */
  get text(): string {
    return this.parts.map((part) => (part.__typename === 'TextPart' ? part.text : '')).join('');
  }

  add(kind: 'text' | 'thinking', text: string): void {
    const type = kind === 'text' ? 'TextPart' : 'ThinkingPart';
    const last = this.parts.at(-1);
    if (last?.__typename === type) last.text += text;
    else this.parts.push({ __typename: type, text });
  }
}

export interface AskOptions {
  provider: ModelProvider;
  /** With the provider's prefix: how the call is recorded. */
  modelId: string;
  request: ModelRequest;
  signal: AbortSignal;
  requestId: string;
  /** How long the provider may be silent, in milliseconds. */
  idleTimeoutMs: number;
  reply: ModelReply;
  onDelta(kind: 'text' | 'thinking', text: string): void;
}

/**
 * Lets the model answer into `reply`. Every call is recorded, the failed ones as well, since they may be billed.
 * @throws ModelError
 */
export async function ask({
  provider,
  modelId,
  request,
  signal,
  requestId,
  idleTimeoutMs,
  reply,
  onDelta,
}: AskOptions): Promise<void> {
  let startedAt = new Date();
  let usage: ModelUsage | null = null;
  let kind: 'text' | 'thinking' = 'text';
  const text = new StorableStream();
  const say = (said: string) => {
    if (said === '') return;
    reply.add(kind, said);
    onDelta(kind, said);
  };
  const record = (outcome: string, counted: ModelUsage | null) =>
    reply.calls.push({ model: modelId, outcome, usage: counted, startedAt, finishedAt: new Date() });
  const stream = streamWithRetry(provider, request, {
    signal,
    requestId,
    idleTimeoutMs,
    onUsage: (counted) => {
      usage = counted;
    },
    onRetry: ({ error }) => {
      record(error.code, error.usage ?? usage);
      startedAt = new Date();
      usage = null;
    },
  });
  try {
    for await (const chunk of stream) {
      if (chunk.type === 'usage') usage = chunk.usage;
      if (chunk.type !== 'text' && chunk.type !== 'thinking') continue;
      if (chunk.type !== kind) say(text.rest());
      kind = chunk.type;
      say(text.take(chunk.text));
    }
    record('SUCCEEDED', usage);
  } catch (error) {
    record(isModelError(error) ? error.code : 'INTERNAL', (isModelError(error) ? error.usage : null) ?? usage);
    throw error;
  } finally {
    say(text.rest());
  }
}
