import DataLoader from 'dataloader';
import type { Database } from '#core/database/database';
import type { Transactions } from '#core/database/transaction';
import { conflict, notFound } from '#core/error';
import { newId } from '#core/id';
import type { Streams } from '#core/stream/streams';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import type { Conversation, ConversationFork } from '#prisma/generated/client';
import { openRoom } from '../conversation.access.ts';
import type { ConversationLoaders } from '../conversation.loaders.ts';
import type { ConversationService } from '../conversation.service.ts';
import { actorOf } from '../conversation-outbox.ts';
import type { MessageService } from '../message.service.ts';
import type { PeerDirectory } from '../peer-directory.ts';
import { readMessage } from '../row.ts';
import { copyMessages, historyUpTo } from './copy-history.ts';
import { type ForkConversationInput, forkConversationSchema } from './fork.type.ts';

export type ForkLoader = DataLoader<string, ConversationFork | null>;

export interface ForkServiceOptions {
  database: Database;
  transactions: Transactions;
  streams: Streams;
  directory: PeerDirectory;
  conversations: ConversationService;
  messages: MessageService;
}

/** Rooms that go on from a message of another. */
export class ForkService {
  constructor(private readonly options: ForkServiceOptions) {}

  /** @throws ParleyError `NOT_FOUND`; `CONFLICT` where the message is still being written, or has too much before it. */
  async fork(viewer: Viewer, input: ForkConversationInput, loaders: ConversationLoaders): Promise<Conversation> {
    const { messageId, title, withAgents, withPeople } = validate(forkConversationSchema, input);
    const { transactions, streams, directory, conversations, messages } = this.options;
    const found = await messages.find(viewer, messageId, loaders);
    if (!found) throw notFound('message');
    const source = await openRoom(viewer, found.conversationId, loaders);
    const present = (kind: 'USER' | 'AGENT') =>
      source.participants.filter((row) => row.kind === kind).map((row) => row.participantId);
    // Those that are still in use: nobody is brought into a room who could not be otherwise.
    const [agents, users] = await Promise.all([
      directory.agents(viewer, withAgents ? present('AGENT') : []),
      directory.users(viewer, withPeople ? present('USER').filter((id) => id !== viewer.userId) : []),
    ]);
    const room = { id: newId(), orgId: viewer.orgId };
    return transactions.scoped(async (unit) => {
      const message = await readMessage(unit.tx, found.id);
      if (!message) throw notFound('message');
      if (message.status === 'STREAMING') throw conflict('This message is still being written.');
      const ids = await historyUpTo(unit.tx, message);
      await streams.begin(unit.tx, { topic: room.id, orgId: room.orgId, after: ids.length });
      const row = await conversations.createIn(unit, viewer, {
        id: room.id,
        title: title ?? source.room.title,
        agentIds: agents.map(({ id }) => id),
        userIds: users.map(({ id }) => id),
      });
      await copyMessages(unit.tx, room, ids);
      await unit.tx.conversationFork.create({
        data: { conversationId: room.id, sourceConversationId: source.room.id, sourceMessageId: message.id },
      });
      await unit.emit({
        id: newId(),
        orgId: viewer.orgId,
        type: 'conversation.forked',
        payload: { conversationId: room.id, fromConversationId: source.room.id, fromMessageId: message.id },
        actor: actorOf(viewer),
      });
      return row;
    });
  }

  /** Where each of many rooms came from; null for one that was begun by itself. */
  loader(): ForkLoader {
    return new DataLoader(async (ids) => {
      const rows = await this.options.database.scoped.conversationFork.findMany({
        where: { conversationId: { in: [...ids] } },
      });
      const byRoom = new Map(rows.map((row) => [row.conversationId, row]));
      return ids.map((id) => byRoom.get(id) ?? null);
    });
  }
}
