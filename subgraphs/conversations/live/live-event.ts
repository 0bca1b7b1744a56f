import type { JsonObject, JsonValue } from '#core/model/model.port';
import type { StreamAppend, StreamEvent } from '#core/stream/event';
import type { RunErrorType, UsageType } from '../run.type.ts';
import type { LiveEndReason } from './live-session.type.ts';

/** The payload of each type of event of a live session, as it lies in the stream whose topic is the session's id. */
export interface LivePayloads {
  /** What the client sent. Not shown: it is there so that another process can go on with it. */
  LiveInput: {
    sequence: number;
    text: string | null;
    audio: { data: string; mimeType: string } | null;
    endOfTurn: boolean;
  };
  LiveReady: { resumed: boolean };
  LiveText: { turn: number; text: string };
  LiveAudio: { turn: number; index: number; mimeType: string; data: string };
  LiveInputTranscript: { turn: number; text: string };
  LiveOutputTranscript: { turn: number; text: string };
  LiveToolCall: { turn: number; callId: string; name: string; arguments: JsonObject };
  LiveToolResult: { turn: number; callId: string; name: string; result: JsonValue; isError: boolean };
  LiveInterrupted: { turn: number; dropBefore: number };
  LiveTurnRestarted: { turn: number; dropBefore: number };
  LiveTurnCompleted: {
    turn: number;
    interrupted: boolean;
    userMessageId: string | null;
    agentMessageId: string | null;
  };
  LiveUsage: { turn: number; usage: UsageType };
  LiveSessionEnded: { reason: LiveEndReason; error: RunErrorType | null; totalUsage: UsageType | null };
}

export type LiveEventName = keyof LivePayloads;

/** One event read back. */
export type LiveStreamEvent = {
  [Name in LiveEventName]: { type: Name; payload: LivePayloads[Name]; seq: number; at: Date };
}[LiveEventName];

/** An event to be appended to the session's stream, in the name of whoever holds the session where `epoch` is given. */
export const liveEventOf = <Name extends LiveEventName>(
  session: { id: string; orgId: string },
  type: Name,
  payload: LivePayloads[Name],
  epoch?: number,
): StreamAppend => ({
  topic: session.id,
  orgId: session.orgId,
  type,
  payload: JSON.stringify(payload),
  ...(epoch !== undefined && { producer: { id: session.id, epoch } }),
});

export const readLiveEvent = ({ type, payload, seq, at }: StreamEvent): LiveStreamEvent =>
  ({ type, seq, at, payload: JSON.parse(payload) }) as LiveStreamEvent;
