import DataLoader from 'dataloader';
import type { Database } from '#core/database/database';
import { notFound } from '#core/error';
import type { Conversation, Message, Participant, Run } from '#prisma/generated/client';
import { type SiblingLoader, siblingLoader } from './branch/sibling.loader.ts';
import type { StepRecord } from './orchestration/step.ts';

/** A page of the history of one room: so many messages on the far side of a position, the nearest to it first. */
export interface MessagePageKey {
  conversationId: string;
  direction: 'forward' | 'backward';
  /** Null for the beginning of the history, or its end where the direction is backward. */
  position: bigint | null;
  limit: number;
}

/** What a request loads by id, each kind in one query however many ask. Inside the viewer's organization. */
export interface ConversationLoaders {
  conversation: DataLoader<string, Conversation>;
  /** Those who are in the room now, in the order in which they came. */
  participants: DataLoader<string, Participant[]>;
  run: DataLoader<string, Run>;
  message: DataLoader<string, Message>;
  step: DataLoader<string, StepRecord>;
  /** The newest `seq` of the room's stream; 0 where nothing has happened yet. */
  head: DataLoader<string, number>;
  messagePage: DataLoader<MessagePageKey, Message[]>;
  siblings: SiblingLoader;
}

export function createLoaders(database: Database): ConversationLoaders {
  const { scoped } = database;
  return {
    conversation: byId('conversation', (ids) => scoped.conversation.findMany({ where: { id: { in: ids } } })),
    run: byId('run', (ids) => scoped.run.findMany({ where: { id: { in: ids } } })),
    // Gathers without remembering: a message that is being written changes while it is looked at.
    message: byId('message', (ids) => scoped.message.findMany({ where: { id: { in: ids } } }), { cache: false }),
    step: byId('step', async (ids) => {
      const rows: unknown = await scoped.step.findMany({ where: { id: { in: ids } } });
      return rows as StepRecord[];
    }),
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
    // Gathers without remembering: a request with several mutations adds messages as it goes.
    messagePage: new DataLoader((keys) => readMessagePages(database, keys), { cache: false }),
    siblings: siblingLoader(database),
  };
}

async function readMessagePages(
  { scoped, scopedPool }: Database,
  keys: readonly MessagePageKey[],
): Promise<Message[][]> {
  const [only] = keys;
  if (only && keys.length === 1) return [await readMessagePage(scoped, only)];
  const pages = new Map<MessagePageKey, string[]>();
  for (const direction of ['forward', 'backward'] as const) {
    const wanted = keys.filter((key) => key.direction === direction);
    if (wanted.length === 0) continue;
    const { rows } = await scopedPool.query<{ key: number; ids: string[] }>(messagePages(direction), [
      wanted.map((_, index) => index),
      wanted.map((key) => key.conversationId),
      wanted.map((key) => key.position),
      wanted.map((key) => key.limit),
    ]);
    for (const row of rows) {
      const key = wanted[row.key];
      if (key) pages.set(key, row.ids);
    }
  }
  const found = await scoped.message.findMany({ where: { id: { in: [...pages.values()].flat() } } });
  const byMessageId = new Map(found.map((row) => [row.id, row]));
  return keys.map((key) => (pages.get(key) ?? []).flatMap((id) => byMessageId.get(id) ?? []));
}

function readMessagePage(
  scoped: Database['scoped'],
  { conversationId, direction, position, limit }: MessagePageKey,
): Promise<Message[]> {
  const [order, side] = direction === 'forward' ? (['asc', 'gt'] as const) : (['desc', 'lt'] as const);
  return scoped.message.findMany({
    where: { conversationId, isShown: true, ...(position !== null && { position: { [side]: position } }) },
    orderBy: { position: order },
    take: limit,
  });
}

/** The ids of the pages of several rooms. Row-level security confines them to the organization. */
const messagePages = (direction: MessagePageKey['direction']): string => `
  SELECT wanted.key, array(
    SELECT m.id::text FROM messages m
    WHERE m.conversation_id = wanted.room AND m.is_shown
      AND (wanted.position IS NULL OR m.position ${direction === 'forward' ? '>' : '<'} wanted.position)
    ORDER BY m.position ${direction === 'forward' ? 'ASC' : 'DESC'} LIMIT wanted.size) AS ids
  FROM unnest($1::int[], $2::uuid[], $3::bigint[], $4::int[]) AS wanted (key, room, position, size)`;

function byId<Row extends { id: string }>(
  what: string,
  find: (ids: string[]) => Promise<Row[]>,
  options: { cache?: boolean } = {},
): DataLoader<string, Row> {
  return new DataLoader<string, Row>(async (ids) => {
    const found = new Map((await find([...ids])).map((row) => [row.id, row]));
    return ids.map((id) => found.get(id) ?? notFound(what));
  }, options);
}
