import DataLoader from 'dataloader';
import type { Database } from '#core/database/database';
import { badInput, notFound } from '#core/error';
import { decodeCursor } from '#core/graphql/pagination';
import { isId } from '#core/id';
import { validate } from '#core/validate';
import { requireViewer, type Viewer } from '#core/viewer';
import type { Conversation } from '#prisma/generated/client';
import { openRoom } from '../conversation.access.ts';
import type { ConversationLoaders } from '../conversation.loaders.ts';
import { canMark } from '../conversation.policy.ts';
import { eventOf } from '../conversation-event.ts';
import { toParticipant } from '../participant.type.ts';
import type { RoomWriter } from '../room-writer.ts';
import { type MarkReadInput, markReadSchema, type ReadMarkType } from './read-mark.type.ts';

/** How many messages are looked at to count those that are unread. */
const MAX_COUNTED = 1_000;

export interface ReadMarkLoaders {
  /** Of those who are in the room now, whoever has read furthest first. */
  marks: DataLoader<string, ReadMarkType[]>;
  unread: DataLoader<string, number>;
}

/** How far people have read. */
export class ReadMarkService {
  constructor(
    private readonly database: Database,
    private readonly rooms: RoomWriter,
  ) {}

  /** Moves the viewer's mark forward; one that is further on already stays. Agents have none: they read everything. */
  async mark(viewer: Viewer, input: MarkReadInput, loaders: ConversationLoaders): Promise<Conversation> {
    const { conversationId, messageId, cursor } = validate(markReadSchema, input);
    const allowed = { check: canMark, refusal: 'Only those who take part in a conversation mark it as read.' };
    const { room } = await openRoom(viewer, conversationId, loaders, allowed);
    const upTo = cursor == null ? null : readPosition(cursor);
    if (messageId != null && !isId(messageId)) throw notFound('message');
    return this.rooms.write(room, async ({ tx }) => {
      const [message] = await tx.$queryRaw<{ id: string; position: string }[]>`
        SELECT id::text, position::text FROM messages
        WHERE conversation_id = ${room.id}::uuid
          AND CASE WHEN ${upTo}::bigint IS NULL THEN id = ${messageId ?? null}::uuid ELSE position <= ${upTo}::bigint END
        ORDER BY position DESC LIMIT 1`;
      if (!message && upTo === null) throw notFound('message');
      if (!message) return { made: room, appends: [] };
      const moved = await tx.$executeRaw`
        INSERT INTO read_marks AS r (org_id, conversation_id, user_id, message_id, position)
        VALUES (${room.orgId}::uuid, ${room.id}::uuid, ${viewer.userId}::uuid, ${message.id}::uuid, ${message.position}::bigint)
        ON CONFLICT (conversation_id, user_id) DO UPDATE
          SET message_id = excluded.message_id, position = excluded.position, marked_at = now()
          WHERE r.position < excluded.position`;
      const event = { messageId: message.id, kind: 'USER' as const, participantId: viewer.userId };
      return { made: room, appends: moved > 0 ? [eventOf(room, 'ReadMarkMoved', event)] : [] };
    });
  }

  loaders(viewer: Viewer | null): ReadMarkLoaders {
    const { userId } = requireViewer(viewer);
    const { scopedPool: pool } = this.database;
    // Both gather without remembering: a request with several mutations marks as it goes.
    return {
      marks: new DataLoader(
        async (ids) => {
          const { rows } = await pool.query<MarkRow>(MARKS, [ids]);
          const byRoom = new Map<string, ReadMarkType[]>(ids.map((id) => [id, []]));
          for (const { room, userId: reader, messageId, at } of rows) {
            byRoom.get(room)?.push({ participant: toParticipant('USER', reader), messageId, at });
          }
          return ids.map((id) => byRoom.get(id) ?? []);
        },
        { cache: false },
      ),
      unread: new DataLoader(
        async (ids) => {
          const { rows } = await pool.query<{ room: string; unread: number }>(UNREAD, [ids, userId, MAX_COUNTED]);
          const counts = new Map(rows.map(({ room, unread }) => [room, unread]));
          return ids.map((id) => counts.get(id) ?? 0);
        },
        { cache: false },
      ),
    };
  }
}

interface MarkRow {
  room: string;
  userId: string;
  messageId: string;
  at: Date;
}

const MARKS = `
  SELECT r.conversation_id::text AS room, r.user_id::text AS "userId", r.message_id::text AS "messageId", r.marked_at AS at
  FROM read_marks r JOIN participants p
    ON p.conversation_id = r.conversation_id AND p.kind = 'USER' AND p.participant_id = r.user_id AND p.left_at IS NULL
  WHERE r.conversation_id = ANY($1::uuid[]) ORDER BY r.position DESC, r.marked_at, r.user_id`;

/** Who has marked nothing has read what was there when he came. Row-level security confines all of it. */
const UNREAD = `
  SELECT wanted.room::text, count(*) FILTER (WHERE said.author_id <> $2::uuid AND said.created_at >= said.since)::int AS unread
  FROM unnest($1::uuid[]) AS wanted (room)
  JOIN participants p ON p.conversation_id = wanted.room AND p.kind = 'USER' AND p.participant_id = $2::uuid AND p.left_at IS NULL
  LEFT JOIN read_marks r ON r.conversation_id = wanted.room AND r.user_id = $2::uuid
  CROSS JOIN LATERAL (
    SELECT m.author_id, m.created_at, CASE WHEN r.position IS NULL THEN p.joined_at ELSE '-infinity' END AS since
    FROM messages m WHERE m.conversation_id = wanted.room AND m.is_shown AND m.position > coalesce(r.position, 0)
    ORDER BY m.position DESC LIMIT $3::int) said
  GROUP BY wanted.room`;

/** The place in the room that a cursor of a message or of an event stands for: both are a `seq` of its stream. */
function readPosition(cursor: string): string {
  const [kind, position] = decodeCursor(cursor) ?? [];
  if ((kind !== 'm' && kind !== 'e') || !position || !/^\d{1,15}$/.test(position)) {
    throw badInput('input.cursor', 'It is not the cursor of a message or of an event.');
  }
  return position;
}
