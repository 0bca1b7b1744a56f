import type { StreamAppend, StreamEvent } from '#core/stream/event';
import type { AttachmentValue } from './attachment/attachment-value.ts';
import type { MessagePartValue, MessageStatus } from './message.type.ts';
import type { ApprovalSnapshot, StepSnapshot } from './orchestration/step-snapshot.ts';
import type { ParticipantKind } from './participant.type.ts';
import type { RunErrorType, RunState, RunWait, UsageType } from './run.type.ts';
import type { TakeoverSnapshot } from './takeover/takeover-row.ts';

/** A message as it was when something happened to it: replayed later, it must not show what came after. */
export interface MessageSnapshot {
  id: string;
  authorKind: ParticipantKind;
  authorId: string;
  status: MessageStatus;
  text: string;
  parts: MessagePartValue[];
  runId: string | null;
  createdAt: Date;
  completedAt: Date | null;
}

/** A run as it was. */
export interface RunSnapshot {
  id: string;
  agentId: string;
  agentVersion: number | null;
  state: RunState;
  attempt: number;
  waitingFor: RunWait | null;
  error: RunErrorType | null;
  usage: UsageType | null;
  queuedAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  rolledBackAt: Date | null;
  rolledBackById: string | null;
}

interface ReactionPayload {
  messageId: string;
  emoji: string;
  kind: ParticipantKind;
  participantId: string;
}

/** The payload of each type of event, as it lies in the stream log. */
export interface EventPayloads {
  MessageAdded: { message: MessageSnapshot };
  MessageDelta: { messageId: string; runId: string; attempt: number; index: number; text: string };
  ThinkingDelta: { messageId: string; runId: string; attempt: number; text: string };
  MessageAttachmentAdded: { messageId: string; runId: string; attempt: number; attachment: AttachmentValue };
  MessageRestarted: { messageId: string; runId: string; attempt: number };
  MessageCompleted: { message: MessageSnapshot };
  RunStateChanged: { run: RunSnapshot };
  ConversationTakenOver: { takeover: TakeoverSnapshot };
  ConversationHandedBack: { takeover: TakeoverSnapshot; byId: string };
  BranchSelected: { messageId: string; replacedMessageId: string | null };
  RunRolledBack: { run: RunSnapshot };
  ParticipantJoined: { kind: ParticipantKind; participantId: string };
  ParticipantLeft: { kind: ParticipantKind; participantId: string };
  ConversationUpdated: { title: string | null };
  StepStarted: { step: StepSnapshot };
  StepFinished: { step: StepSnapshot };
  ToolCallStarted: { step: StepSnapshot };
  ToolCallFinished: { step: StepSnapshot };
  ApprovalRequested: { approval: ApprovalSnapshot };
  ApprovalDecided: { approval: ApprovalSnapshot };
  ReactionAdded: ReactionPayload;
  ReactionRemoved: ReactionPayload;
  PersonErased: { kind: ParticipantKind; participantId: string };
  ContextFolded: { summaryId: string; agentId: string; upToMessageId: string; messageCount: number };
  ReadMarkMoved: { messageId: string; kind: ParticipantKind; participantId: string };
}

export type EventType = keyof EventPayloads;

/** One event read back: its type says what its payload is. */
export type ConversationEvent = {
  [Type in EventType]: { type: Type; payload: EventPayloads[Type]; seq: number; at: Date };
}[EventType];

export interface Room {
  id: string;
  orgId: string;
}

/** An event to be appended to the room's stream. */
export const eventOf = <Type extends EventType>(
  room: Room,
  type: Type,
  payload: EventPayloads[Type],
  producer?: StreamAppend['producer'],
): StreamAppend => ({
  topic: room.id,
  orgId: room.orgId,
  type,
  payload: JSON.stringify(payload),
  ...(producer && { producer }),
});

/** Fields that hold moments, which JSON has as text. */
const MOMENTS = new Set([
  'createdAt',
  'completedAt',
  'queuedAt',
  'startedAt',
  'finishedAt',
  'rolledBackAt',
  'requestedAt',
  'expiresAt',
  'decidedAt',
  'takenAt',
]);

/** Takes an event of the log apart. */
export const readEvent = ({ type, payload, seq, at }: StreamEvent): ConversationEvent =>
  ({
    type,
    seq,
    at,
    payload: JSON.parse(payload, (key, value: unknown) =>
      typeof value === 'string' && MOMENTS.has(key) ? new Date(value) : value,
    ),
  }) as ConversationEvent;
