import type { RawTransaction } from '#core/database/transaction';
import { newId } from '#core/id';
import { toStorable } from '#core/storable-text';
import type { StreamAppend } from '#core/stream/event';
import type { LiveSession, Message } from '#prisma/generated/client';
import { snapshotMessage } from '../conversation.presenter.ts';
import { eventOf } from '../conversation-event.ts';
import { insertMessage } from '../row.ts';

export interface SpokenTurn {
  user: Message | null;
  agent: Message | null;
  /** For the room's stream, in the order of `places`. */
  appends: StreamAppend[];
}

/** The messages that a turn leaves in the room. Neither side has one where nothing was said in words. */
export function spokenTurn(
  session: LiveSession,
  words: { user: string; model: string },
  cutShort: boolean,
): SpokenTurn {
  const at = new Date();
  const messageOf = (authorKind: Message['authorKind'], authorId: string, spoken: string, cut: boolean) => {
    const text = toStorable(spoken).trim();
    if (text === '') return null;
    const message: Message = {
      id: newId(),
      orgId: session.orgId,
      conversationId: session.conversationId,
      position: 0n,
      authorKind,
      authorId,
      status: cut ? 'CANCELLED' : 'COMPLETE',
      text,
      parts: [{ __typename: 'TextPart', text }],
      runId: null,
      branchId: null,
      isShown: true,
      createdAt: at,
      completedAt: at,
    };
    return message;
  };
  const user = messageOf('USER', session.userId, words.user, false);
  const agent = messageOf('AGENT', session.agentId, words.model, cutShort);
  const room = { id: session.conversationId, orgId: session.orgId };
  const appends = [
    ...(user ? [eventOf(room, 'MessageAdded', { message: snapshotMessage(user) })] : []),
    ...(agent
      ? [
          eventOf(room, 'MessageAdded', {
            message: snapshotMessage({ ...agent, status: 'STREAMING', text: '', parts: [], completedAt: null }),
          }),
          eventOf(room, 'MessageCompleted', { message: snapshotMessage(agent) }),
        ]
      : []),
  ];
  return { user, agent, appends };
}

/** Stores them, once the stream has given them their places: those of `appends`. */
export async function storeSpokenTurn(
  tx: RawTransaction,
  session: LiveSession,
  { user, agent }: SpokenTurn,
  places: readonly { seq: number }[],
): Promise<void> {
  const stored = [user, agent].flatMap((message) => message ?? []);
  for (const [index, message] of stored.entries()) {
    message.position = BigInt(places[index]?.seq ?? 0);
    await insertMessage(tx, message);
  }
  if (stored.length === 0) return;
  await tx.$executeRaw`
    UPDATE conversations SET last_activity_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE id = ${session.conversationId}::uuid`;
}

/** What the outbox is told of what people said. */
export const sentEventOf = (session: LiveSession, message: Message) => ({
  id: newId(),
  orgId: session.orgId,
  type: 'message.sent',
  payload: { conversationId: session.conversationId, messageId: message.id, runId: null },
});
