import { z } from 'zod';
import type { ScopedUnit } from '#core/database/transaction';
import { newId } from '#core/id';
import type { EventConsumer } from '#core/outbox/consumer';
import type { StreamAppend } from '#core/stream/event';
import type { Streams } from '#core/stream/streams';
import { eventOf, type Room } from '../conversation-event.ts';
import { lockRoom } from '../room-lock.ts';
import { type RunService, UNFINISHED } from '../run.service.ts';
import { snapshotTakeover } from './takeover-row.ts';

/**
 * Lets agents answer again for whom somebody spoke who is not there any more. Within a transaction that has locked the room.
 * @returns what the room's stream is to tell of it
 */
export async function endTakeoversOf(unit: ScopedUnit, room: Room, userId: string): Promise<StreamAppend[]> {
  const ended = await unit.tx.takeover.findMany({
    where: { conversationId: room.id, takenById: userId },
    orderBy: { id: 'asc' },
  });
  if (ended.length === 0) return [];
  await unit.tx.takeover.deleteMany({ where: { id: { in: ended.map(({ id }) => id) } } });
  for (const { agentId } of ended) {
    const payload = { conversationId: room.id, agentId };
    await unit.emit({ id: newId(), orgId: room.orgId, type: 'conversation.handed_back', payload });
  }
  return ended.map((takeover) =>
    eventOf(room, 'ConversationHandedBack', { takeover: snapshotTakeover(takeover), byId: userId }),
  );
}

const payload = z.object({ userId: z.uuid() });

/** Hands back what somebody had taken over who has left the organization, and stops what answers one who was erased. */
export const departureConsumer = (streams: Streams, runService: RunService): EventConsumer => ({
  name: 'conversations.hand-back',
  types: ['member.removed', 'member.left', 'user.erased'],
  consume: async (event, unit) => {
    const { userId } = payload.parse(event.payload);
    const [held, open] = await Promise.all([
      unit.tx.takeover.findMany({ where: { takenById: userId }, select: { conversationId: true } }),
      event.type === 'user.erased'
        ? unit.tx.run.findMany({
            where: { startedById: userId, state: { in: [...UNFINISHED] } },
            orderBy: { id: 'asc' },
          })
        : [],
    ]);
    const roomIds = new Set([...held, ...open].map(({ conversationId }) => conversationId));
    // In one order, as whoever else locks several.
    for (const id of [...roomIds].sort()) {
      await lockRoom(unit.tx, id);
      for (const run of open) if (run.conversationId === id) await runService.cancelIn(unit, run);
      const events = await streams.appendIn(unit.tx, await endTakeoversOf(unit, { id, orgId: event.orgId }, userId));
      unit.afterCommit(() => streams.publish(id, events));
    }
  },
});
