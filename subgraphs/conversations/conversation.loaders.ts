import DataLoader from 'dataloader';
import type { Database } from '#core/database/database';
import { notFound } from '#core/error';
import type { Conversation, Participant, Run } from '#prisma/generated/client';

/** What a request loads by id, each kind in one query however many ask. Inside the viewer's organization. */
export interface ConversationLoaders {
  conversation: DataLoader<string, Conversation>;
  /** Those who are in the room now, in the order in which they came. */
  participants: DataLoader<string, Participant[]>;
  run: DataLoader<string, Run>;
  /** The newest `seq` of the room's stream; 0 where nothing has happened yet. */
  head: DataLoader<string, number>;
}

export function createLoaders({ scoped }: Database): ConversationLoaders {
  return {
    conversation: byId('conversation', (ids) => scoped.conversation.findMany({ where: { id: { in: ids } } })),
    run: byId('run', (ids) => scoped.run.findMany({ where: { id: { in: ids } } })),
    participants: new DataLoader(async (ids) => {
      const rows = await scoped.participant.findMany({
        where: { conversationId: { in: [...ids] }, leftAt: null },
        orderBy: [{ joinedAt: 'asc' }, { id: 'asc' }],
      });
      const byRoom = new Map<string, Participant[]>(ids.map((id) => [id, []]));
      for (const row of rows) byRoom.get(row.conversationId)?.push(row);
      return ids.map((id) => byRoom.get(id) ?? []);
    }),
    head: new DataLoader(async (ids) => {
      const rows = await scoped.streamHead.findMany({ where: { topic: { in: [...ids] } } });
      const heads = new Map(rows.map((row) => [row.topic, Number(row.lastSeq)]));
      return ids.map((id) => heads.get(id) ?? 0);
    }),
  };
}

function byId<Row extends { id: string }>(
  what: string,
  find: (ids: string[]) => Promise<Row[]>,
): DataLoader<string, Row> {
  return new DataLoader<string, Row>(async (ids) => {
    const found = new Map((await find([...ids])).map((row) => [row.id, row]));
    return ids.map((id) => found.get(id) ?? notFound(what));
  });
}
