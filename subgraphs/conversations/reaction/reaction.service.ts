import DataLoader from 'dataloader';
import type { Database } from '#core/database/database';
import type { RawTransaction } from '#core/database/transaction';
import { conflict, notFound } from '#core/error';
import { newId } from '#core/id';
import type { StreamAppend } from '#core/stream/event';
import { validate } from '#core/validate';
import { requireViewer, type Viewer } from '#core/viewer';
import type { Message } from '#prisma/generated/client';
import { openRoom } from '../conversation.access.ts';
import type { ConversationLoaders } from '../conversation.loaders.ts';
import { canWrite } from '../conversation.policy.ts';
import { eventOf } from '../conversation-event.ts';
import { actorOf } from '../conversation-outbox.ts';
import type { MessageService } from '../message.service.ts';
import { type ParticipantKind, toParticipant } from '../participant.type.ts';
import type { RoomWriter } from '../room-writer.ts';
import {
  type AddReactionInput,
  MAX_KINDS,
  MAX_NAMED,
  type ReactionType,
  type RemoveReactionInput,
  reactionSchema,
} from './reaction.type.ts';

export type ReactionLoader = DataLoader<string, ReactionType[]>;

/** Emoji that participants put to messages. */
export class ReactionService {
  constructor(
    private readonly database: Database,
    private readonly messages: MessageService,
    private readonly rooms: RoomWriter,
  ) {}

  /**
   * Puts an emoji to a message; one that the viewer has put there already stays as it is.
   * @throws ParleyError `CONFLICT` where the message has as many different emoji as it takes.
   */
  async add(viewer: Viewer, input: AddReactionInput, loaders: ConversationLoaders): Promise<Message> {
    const { message, emoji } = await this.open(viewer, input, loaders);
    return this.change(viewer, message, emoji, async (tx, event) => {
      const [known] = await tx.$queryRaw<{ kinds: number; there: boolean }[]>`
        SELECT count(DISTINCT emoji)::int AS kinds, coalesce(bool_or(emoji = ${emoji}), false) AS there
        FROM reactions WHERE message_id = ${message.id}::uuid`;
      if (known && !known.there && known.kinds >= MAX_KINDS) {
        throw conflict(`A message takes ${MAX_KINDS} different emoji at most.`);
      }
      const added = await tx.$executeRaw`
        INSERT INTO reactions (id, org_id, conversation_id, message_id, actor_kind, actor_id, emoji)
        VALUES (${newId()}::uuid, ${message.orgId}::uuid, ${message.conversationId}::uuid, ${message.id}::uuid, 'USER',
                ${viewer.userId}::uuid, ${emoji}) ON CONFLICT DO NOTHING`;
      return added > 0 ? [event('ReactionAdded')] : [];
    });
  }

  /** Takes an emoji of the viewer's own away; where there is none, nothing changes. */
  async remove(viewer: Viewer, input: RemoveReactionInput, loaders: ConversationLoaders): Promise<Message> {
    const { message, emoji } = await this.open(viewer, input, loaders);
    return this.change(viewer, message, emoji, async (tx, event) => {
      const removed = await tx.$executeRaw`
        DELETE FROM reactions WHERE message_id = ${message.id}::uuid AND actor_kind = 'USER'
          AND actor_id = ${viewer.userId}::uuid AND emoji = ${emoji}`;
      return removed > 0 ? [event('ReactionRemoved')] : [];
    });
  }

  /** The reactions of each of many messages in one query, the emoji that came first at the front. */
  loader(viewer: Viewer | null): ReactionLoader {
    const { userId } = requireViewer(viewer);
    const batch = async (ids: readonly string[]) => {
      const { rows } = await this.database.scopedPool.query<ReactionRow>(REACTIONS, [ids, userId, MAX_NAMED]);
      const byMessage = new Map<string, ReactionType[]>();
      for (const { messageId, reactors, ...row } of rows) {
        const reaction = { ...row, reactors: reactors.map(([kind, id]) => toParticipant(kind, id)) };
        byMessage.set(messageId, [...(byMessage.get(messageId) ?? []), reaction]);
      }
      return ids.map((id) => byMessage.get(id) ?? []);
    };
    // Gathers without remembering: a request with several mutations adds reactions as it goes.
    return new DataLoader(batch, { cache: false });
  }

  private async open(viewer: Viewer, input: AddReactionInput | RemoveReactionInput, loaders: ConversationLoaders) {
    const { messageId, emoji } = validate(reactionSchema, input);
    const message = await this.messages.find(viewer, messageId, loaders);
    if (!message) throw notFound('message');
    const refusal = 'Only those who may write in a conversation react in it.';
    await openRoom(viewer, message.conversationId, loaders, { check: canWrite, refusal });
    return { message, emoji };
  }

  private change(
    viewer: Viewer,
    message: Message,
    emoji: string,
    work: (tx: RawTransaction, event: ToEvent) => Promise<StreamAppend[]>,
  ): Promise<Message> {
    const room = { id: message.conversationId, orgId: message.orgId };
    const toEvent: ToEvent = (type) =>
      eventOf(room, type, { messageId: message.id, emoji, kind: 'USER', participantId: viewer.userId });
    return this.rooms.write(room, async ({ tx, emit }) => {
      const there = await tx.$queryRaw<unknown[]>`SELECT 1 FROM messages WHERE id = ${message.id}::uuid`;
      if (there.length === 0) throw notFound('message');
      const appends = await work(tx, toEvent);
      for (const { type } of appends) {
        await emit({
          id: newId(),
          orgId: room.orgId,
          type: type === 'ReactionAdded' ? 'reaction.added' : 'reaction.removed',
          payload: { conversationId: room.id, messageId: message.id, emoji },
          actor: actorOf(viewer),
        });
      }
      return { made: message, appends };
    });
  }
}

type ToEvent = (type: 'ReactionAdded' | 'ReactionRemoved') => StreamAppend;

interface ReactionRow {
  messageId: string;
  emoji: string;
  count: number;
  viewerReacted: boolean;
  reactors: [ParticipantKind, string][];
}

const REACTIONS = `
  SELECT message_id::text AS "messageId", emoji, count(*)::int AS count,
         bool_or(actor_kind = 'USER' AND actor_id = $2::uuid) AS "viewerReacted",
         to_json((array_agg(json_build_array(actor_kind, actor_id) ORDER BY created_at, id))[1:$3::int]) AS reactors
  FROM reactions WHERE message_id = ANY($1::uuid[])
  GROUP BY message_id, emoji ORDER BY message_id, min(created_at), emoji`;
