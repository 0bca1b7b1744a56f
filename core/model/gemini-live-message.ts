import type { LiveClientMessage, LiveServerMessage, Part, UsageMetadata } from '@google/genai';
import { toContent } from './gemini-request.ts';
import { toDetails } from './gemini-response.ts';
import type { LiveEvent, LiveInput, LiveRequest } from './live.port.ts';
import { type JsonObject, type JsonValue, type ModelUsage, makeToolCallId, type ToolResultPart } from './model.port.ts';

/** The first message of a connection. */
export function toSetup(request: LiveRequest): LiveClientMessage {
  const { model, system, modality, voice, temperature, maxOutputTokens, tools, handle } = request;
  const setup = {
    model: `models/${model}`,
    generationConfig: {
      responseModalities: [modality],
      ...(voice && { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } } }),
      ...(temperature !== undefined && { temperature }),
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    },
    ...(system && { systemInstruction: { parts: [{ text: system }] } }),
    ...(tools?.length && {
      tools: [
        {
          functionDeclarations: tools.map(({ name, description, parameters }) => ({
            name,
            description,
            parametersJsonSchema: parameters,
          })),
        },
      ],
    }),
    sessionResumption: handle === undefined ? {} : { handle },
    // Without it a session of audio ends after a quarter of an hour, with its context full.
    contextWindowCompression: { slidingWindow: {} },
    inputAudioTranscription: {},
    ...(modality === 'AUDIO' && { outputAudioTranscription: {} }),
  };
  return { setup } as LiveClientMessage;
}

export function toClientMessage(input: LiveInput): LiveClientMessage {
  switch (input.type) {
    case 'history':
      return { clientContent: { turns: input.turns.map(toContent), turnComplete: false } };
    case 'text': {
      const turns = input.text === '' ? [] : [{ role: 'user', parts: [{ text: input.text }] }];
      return { clientContent: { turns, turnComplete: input.endOfTurn } };
    }
    case 'audio':
      return { realtimeInput: { audio: { data: input.data, mimeType: input.mimeType } } };
    case 'audio_end':
      return { realtimeInput: { audioStreamEnd: true } };
    case 'tool_results':
      return { toolResponse: { functionResponses: toFunctionResponses(input.results) } };
  }
}

const toFunctionResponses = (results: ToolResultPart[]) =>
  (toContent({ role: 'tool', parts: results }).parts ?? []).flatMap((part) => part.functionResponse ?? []);

/** What one message of the server says, in the order in which it is to be heard. */
export function* readServerMessage(message: Partial<LiveServerMessage>): Generator<LiveEvent> {
  const { serverContent: content, toolCall, toolCallCancellation, goAway, sessionResumptionUpdate: update } = message;
  const heard = content?.inputTranscription?.text;
  if (heard) yield { type: 'input_transcript', text: heard };
  for (const part of content?.modelTurn?.parts ?? []) yield* readPart(part);
  const said = content?.outputTranscription?.text;
  if (said) yield { type: 'output_transcript', text: said };
  for (const { id, name = '', args = {} } of toolCall?.functionCalls ?? []) {
    yield { type: 'tool_call', id: id || makeToolCallId(), name, args: args as JsonObject };
  }
  const cancelled = toolCallCancellation?.ids ?? [];
  if (cancelled.length > 0) yield { type: 'tool_cancel', ids: cancelled };
  // Before the end of the turn that it counts.
  if (message.usageMetadata) yield { type: 'usage', usage: toLiveUsage(message.usageMetadata) };
  if (content?.interrupted) yield { type: 'interrupted' };
  if (content?.turnComplete) yield { type: 'turn_end' };
  if (update) yield { type: 'resumption', handle: (update.resumable && update.newHandle) || null };
  if (goAway) yield { type: 'go_away', timeLeftMs: toMilliseconds(goAway.timeLeft) };
}

function* readPart({ text, thought, inlineData }: Part): Generator<LiveEvent> {
  if (inlineData?.data) {
    yield { type: 'audio', data: inlineData.data, mimeType: inlineData.mimeType ?? 'audio/pcm;rate=24000' };
  } else if (text && !thought) yield { type: 'text', text };
}

/** Google's durations: `9.5s`. */
const toMilliseconds = (duration: string | undefined): number => {
  const seconds = Number.parseFloat(duration ?? '');
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1_000) : 0;
};

/** The Live API counts under other names than a request does: `responseTokenCount`. */
export const toLiveUsage = (raw: UsageMetadata): ModelUsage => ({
  inputTokens: raw.promptTokenCount ?? 0,
  cachedInputTokens: raw.cachedContentTokenCount ?? 0,
  toolUseInputTokens: raw.toolUsePromptTokenCount ?? 0,
  outputTokens: raw.responseTokenCount ?? 0,
  thinkingTokens: raw.thoughtsTokenCount ?? 0,
  totalTokens: raw.totalTokenCount ?? 0,
  details: [
    ...toDetails('input', raw.promptTokensDetails),
    ...toDetails('cachedInput', raw.cacheTokensDetails),
    ...toDetails('toolUseInput', raw.toolUsePromptTokensDetails),
    ...toDetails('output', raw.responseTokensDetails),
  ],
  raw: raw as JsonObject & Record<string, JsonValue>,
});
