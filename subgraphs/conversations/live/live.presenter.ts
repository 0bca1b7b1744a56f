import { decodeCursor, encodeCursor } from '#core/graphql/pagination';
import type { StreamGapSignal } from '#core/stream/streams';
import type { LiveSession } from '#prisma/generated/client';
import type { ConversationPresenter } from '../conversation.presenter.ts';
import type { RunErrorType, UsageType } from '../run.type.ts';
import type { LivePayloads, LiveStreamEvent } from './live-event.ts';
import type { LiveEndReason, LiveModality, LiveSessionState } from './live-session.type.ts';

/** The cursor of an event of a live session: what `after` takes. */
const liveCursor = (seq: number): string => encodeCursor('l', seq);

/** The `seq` of a cursor, or null where the text is not one of a live session. */
export function readLiveCursor(cursor: string): number | null {
  const [kind, seq] = decodeCursor(cursor) ?? [];
  return kind === 'l' && seq !== undefined && /^\d{1,15}$/.test(seq) ? Number(seq) : null;
}

/** @param head Reads the newest `seq` of the session's stream. */
export function presentSession(row: LiveSession, conversations: ConversationPresenter, head: () => Promise<number>) {
  return {
    id: row.id,
    conversation: conversations.conversationReference(row.conversationId),
    agent: { __typename: 'Agent' as const, id: row.agentId },
    agentVersion: row.agentVersion,
    model: row.model,
    modality: row.modality as LiveModality,
    state: row.state as LiveSessionState,
    turns: row.turn,
    endReason: row.endReason as LiveEndReason | null,
    error: row.error as unknown as RunErrorType | null,
    usage: row.usage as unknown as UsageType | null,
    startedAt: row.startedAt,
    expiresAt: row.expiresAt,
    endedAt: row.endedAt,
    cursor: async () => liveCursor(await head()),
  };
}

export const presentLiveEvent = ({ type, payload, seq, at }: LiveStreamEvent) => ({
  __typename: type,
  ...payload,
  cursor: liveCursor(seq),
  at,
});

export const presentLiveGap = ({ seq, at }: StreamGapSignal) => ({
  __typename: 'LiveGap' as const,
  cursor: liveCursor(seq),
  at,
});

/** The last event of a session whose stream is gone. */
export const endedEventOf = (row: LiveSession, seq: number): LiveStreamEvent => {
  const payload: LivePayloads['LiveSessionEnded'] = {
    reason: row.endReason as LiveEndReason,
    error: row.error as unknown as RunErrorType | null,
    totalUsage: row.usage as unknown as UsageType | null,
  };
  return { type: 'LiveSessionEnded', payload, seq, at: row.endedAt ?? row.startedAt };
};
