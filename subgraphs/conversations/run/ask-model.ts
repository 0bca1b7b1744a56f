import { newId } from '#core/id';
import type {
  EndReason,
  FilePart,
  ImagePart,
  ModelPart,
  ModelProvider,
  ModelRequest,
  ModelUsage,
  RawParts,
  ToolCallPart,
} from '#core/model/model.port';
import { isModelError, type ModelError } from '#core/model/model-error';
import { streamWithRetry } from '#core/model/retry';
import { StorableStream, toStorableJson } from '#core/storable-text';
import { blockedBy, type SpeechGuard } from '../guard/speech-guard.ts';
import { StepFailure } from '../orchestration/run-signal.ts';
import { estimateUsage } from '../orchestration/token-estimate.ts';

/** One call of a model as it is stored: the provider's counts verbatim, an estimate, or null where it took nothing. */
export interface CallRecord {
  id: string;
  model: string;
  /** `SUCCEEDED`, or the code of the error that ended it. */
  outcome: string;
  usage: ModelUsage | null;
  /** The provider has begun, and counted nothing. */
  isEstimated: boolean;
  startedAt: Date;
  finishedAt: Date;
}

/** What a model answered. */
export interface ModelAnswer {
  parts: ModelPart[];
  /** The provider's own form of it, for the next turn. */
  rawParts: RawParts | null;
  reason: EndReason;
}

export interface AskOptions {
  provider: ModelProvider;
  /** With the provider's prefix: how the call is recorded. */
  modelId: string;
  request: ModelRequest;
  signal: AbortSignal;
  requestId: string;
  /** What rules say about what it says; null where none does. */
  guard: SpeechGuard | null;
  /** How long the provider may be silent, in milliseconds. */
  idleTimeoutMs: number;
  /** How long the whole call may take, in milliseconds. */
  totalTimeoutMs: number;
  /** Called with each piece, with what of it may be shown: nothing, where rules hold it back. */
  onDelta(kind: 'text' | 'thinking', text: string): void;
  /** Puts a picture away; what it resolves to stands for it in the answer. */
  onPicture(picture: ImagePart): Promise<FilePart>;
  /** Called for every call, the failed ones as well, since they may be billed. */
  onCall(call: CallRecord): void;
}

/**
 * Lets the model answer. What can be repeated unseen is repeated. What rules do not let pass is nowhere in the answer.
 * @throws ModelError; StepFailure where a rule stops it
 */
export async function askModel({
  provider,
  modelId,
  request,
  signal,
  requestId,
  guard,
  idleTimeoutMs,
  totalTimeoutMs,
  onDelta,
  onPicture,
  onCall,
}: AskOptions): Promise<ModelAnswer> {
  let startedAt = new Date();
  let usage: ModelUsage | null = null;
  let kind: 'text' | 'thinking' = 'text';
  let end: { reason: EndReason; rawParts?: RawParts } = { reason: 'OTHER' };
  const parts: ModelPart[] = [];
  const pictures = new Map<string, FilePart>();
  const text = new StorableStream();
  let thoughts = '';
  // A provider that was heard of, or broken off, bills what it had done by then.
  let isBegun = false;
  let isFirst = true;
  const show = (what: 'text' | 'thinking', shown: string) => {
    if (shown !== '' && what === 'text') addText(parts, shown);
    if (what === 'thinking') thoughts += shown;
    onDelta(what, shown);
  };
  const say = (said: string) => {
    if (said !== '') show(kind, guard ? guard.take(kind, said) : said);
  };
  const sayRest = (isCut: boolean) => {
    say(text.rest());
    if (!guard) return;
    for (const what of ['thinking', 'text'] as const) {
      const rest = guard.rest(what, isCut);
      if (rest !== '') show(what, rest);
    }
  };
  const record = (outcome: string, counted: ModelUsage | null) => {
    const isEstimated = counted === null && isBegun;
    const usage = isEstimated ? estimateUsage(request, parts, thoughts) : counted;
    onCall({ id: newId(), model: modelId, outcome, usage, isEstimated, startedAt, finishedAt: new Date() });
  };
  const stream = streamWithRetry(provider, request, {
    signal,
    requestId,
    idleTimeoutMs,
    totalTimeoutMs,
    onUsage: (counted) => {
      usage = counted;
    },
    onRetry: ({ error }) => {
      record(error.code, error.usage ?? usage);
      startedAt = new Date();
      usage = null;
      isFirst = false;
    },
  });
  try {
    for await (const chunk of stream) {
      isBegun = true;
      if (chunk.type === 'usage') usage = chunk.usage;
      else if (chunk.type === 'end') end = chunk;
      else if (chunk.type === 'text' || chunk.type === 'thinking') {
        if (chunk.type !== kind) {
          say(text.rest());
          if (guard && kind === 'thinking') show(kind, guard.pause());
        }
        kind = chunk.type;
        say(text.take(chunk.text));
      } else if (chunk.type === 'image') {
        say(text.rest());
        const kept = await onPicture(chunk);
        pictures.set(chunk.data, kept);
        parts.push(kept);
      } else {
        const call = toStorableJson(chunk);
        parts.push(guard ? { ...call, args: guard.clean(call.args) } : call);
      }
      if (guard?.verdict) break;
    }
    isBegun = true;
    sayRest(end.reason === 'MAX_TOKENS');
    if (guard?.verdict?.action.kind === 'BLOCK') throw blockedBy(guard.verdict);
    record('SUCCEEDED', usage);
  } catch (error) {
    isBegun ||= isFirst && signal.aborted;
    sayRest(true);
    const code = isModelError(error) || error instanceof StepFailure ? codeOf(error) : 'INTERNAL';
    record(code, (isModelError(error) ? error.usage : null) ?? usage);
    throw error;
  }
  if (guard?.verdict?.action.kind === 'REPLACE') {
    show('text', (textOf(parts) === '' ? '' : '\n\n') + guard.verdict.action.text);
    return { parts: parts.filter(({ type }) => type !== 'tool_call'), rawParts: null, reason: 'STOP' };
  }
  // In its own form the provider has all of it.
  const rawParts =
    end.rawParts && !guard?.hasChanged
      ? { ...toStorableJson(withoutPictures(end.rawParts, pictures)), model: modelId }
      : null;
  return { parts, rawParts, reason: end.reason };
}

/** The bytes of a picture lie in the store, and not in every step that knows of it as well. */
function withoutPictures(rawParts: RawParts, pictures: ReadonlyMap<string, FilePart>): RawParts {
  if (pictures.size === 0) return rawParts;
  const swap = (_key: string, value: unknown) => (typeof value === 'string' ? pictures.get(value)?.uri : null) ?? value;
  return JSON.parse(JSON.stringify(rawParts, swap)) as RawParts;
}

const codeOf = (error: ModelError | StepFailure): string =>
  error instanceof StepFailure ? error.error.code : error.code;

function addText(parts: ModelPart[], text: string): void {
  const last = parts.at(-1);
  if (last?.type === 'text') last.text += text;
  else parts.push({ type: 'text', text });
}

/** The text of an answer. */
export const textOf = (parts: readonly ModelPart[]): string =>
  parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

/** The tools that an answer asks for. */
export const toolCallsOf = (parts: readonly ModelPart[]): ToolCallPart[] =>
  parts.filter((part) => part.type === 'tool_call');
