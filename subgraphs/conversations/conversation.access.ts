import { forbidden, notFound, ParleyError } from '#core/error';
import { isId } from '#core/id';
import type { Viewer } from '#core/viewer';
import type { Conversation, Participant } from '#prisma/generated/client';
import type { ConversationLoaders } from './conversation.loaders.ts';
import { canRead, type RoomFacts } from './conversation.policy.ts';

export interface OpenRoom {
  room: Conversation;
  participants: Participant[];
  facts: RoomFacts;
}

/**
 * The room, for a viewer who may read it and, where `allowed` is given, do that as well.
 * @throws ParleyError `NOT_FOUND` where he may not even read it, `FORBIDDEN` where he may do no more than that.
 */
export async function openRoom(
  viewer: Viewer,
  id: string,
  loaders: ConversationLoaders,
  allowed?: { check: (viewer: Viewer, room: RoomFacts) => boolean; refusal: string },
): Promise<OpenRoom> {
  if (!isId(id)) throw notFound('conversation');
  const [room, participants] = await Promise.all([loaders.conversation.load(id), loaders.participants.load(id)]);
  const facts = toFacts(room, participants);
  if (!canRead(viewer, facts)) throw notFound('conversation');
  if (allowed && !allowed.check(viewer, facts)) throw forbidden(allowed.refusal);
  return { room, participants, facts };
}

export const toFacts = (room: Conversation, participants: Participant[]): RoomFacts => ({
  orgId: room.orgId,
  createdById: room.createdById,
  userIds: participants.filter((row) => row.kind === 'USER').map((row) => row.participantId),
});

/** For fields that answer null where there is nothing to see. Every other error goes on. */
export function nullIfNotFound(error: unknown): null {
  if (error instanceof ParleyError && error.code === 'NOT_FOUND') return null;
  throw error;
}
