import { z } from 'zod';
import type { Database } from '#core/database/database';
import type { Transactions } from '#core/database/transaction';
import { badInput, notFound } from '#core/error';
import { isId } from '#core/id';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import type { Conversation, Run } from '#prisma/generated/client';
import { nullIfNotFound, openRoom } from '../conversation.access.ts';
import { MAX_TEXT, messageText } from '../conversation.input.ts';
import type { ConversationLoaders } from '../conversation.loaders.ts';
import { canWrite } from '../conversation.policy.ts';
import type { ConversationService } from '../conversation.service.ts';
import type { MessageService } from '../message.service.ts';
import type { PeerDirectory } from '../peer-directory.ts';
import { lockRoom } from '../room-lock.ts';
import type { RoomTurns } from '../room-turn.ts';
import { type RunService, UNFINISHED } from '../run.service.ts';
import type { RunErrorType, RunState } from '../run.type.ts';
import type { OrderedRun, OrderRunInput } from './order.type.ts';

export interface OrderOptions {
  database: Database;
  transactions: Transactions;
  directory: PeerDirectory;
  conversations: ConversationService;
  messages: MessageService;
  runs: RunService;
  turns: RoomTurns;
}

const schema = z.object({
  messageId: z.uuid(),
  agentId: z.uuid(),
  text: messageText.pipe(z.string().max(MAX_TEXT)),
  conversationId: z.uuid().nullish(),
});

/** Runs that other parts of Parley order on behalf of somebody: each of them once, however often it is asked for. */
export class OrderService {
  constructor(private readonly options: OrderOptions) {}

  /**
   * Has an agent answer a message, in a room that there is or in one of its own.
   * @throws ParleyError as `sendMessage` does
   */
  async order(viewer: Viewer, input: OrderRunInput, loaders: ConversationLoaders): Promise<OrderedRun> {
    const { messageId, agentId, text, conversationId = null } = validate(schema, input);
    const known = await this.find(viewer, messageId, loaders);
    if (known) return known;
    const run = conversationId
      ? await this.inRoom(viewer, { messageId, agentId, text, conversationId }, loaders)
      : await this.inOwnRoom(viewer, { messageId, agentId, text });
    this.options.runs.dispatch(run);
    return present(run, '');
  }

  /** What became of it; null where there is no such run, or the viewer may not see it. */
  async find(viewer: Viewer, messageId: string, loaders: ConversationLoaders): Promise<OrderedRun | null> {
    if (!isId(messageId)) return null;
    const { scoped } = this.options.database;
    const run = await scoped.run.findFirst({ where: { triggerMessageId: messageId }, orderBy: { id: 'asc' } });
    if (!run || !(await openRoom(viewer, run.conversationId, loaders).catch(nullIfNotFound))) return null;
    if (UNFINISHED.includes(run.state)) return present(run, '');
    const reply = await scoped.message.findFirst({ where: { id: run.replyMessageId }, select: { text: true } });
    return present(run, reply?.text ?? '');
  }

  private async inRoom(
    viewer: Viewer,
    { messageId, agentId, text, conversationId }: Ordered & { conversationId: string },
    loaders: ConversationLoaders,
  ): Promise<Run> {
    const { messages, transactions, turns } = this.options;
    const refusal = 'Only those who take part in a conversation write in it.';
    const opened = await openRoom(viewer, conversationId, loaders, { check: canWrite, refusal });
    const responder = await messages.responder(viewer, opened, text, agentId);
    return turns.take(conversationId, () =>
      transactions.scoped(async (unit) => {
        await lockRoom(unit.tx, conversationId);
        const [earlier] = await unit.tx.run.findMany({ where: { triggerMessageId: messageId }, take: 1 });
        if (earlier) return earlier;
        const { run } = await messages.write(
          unit,
          viewer,
          opened,
          { id: messageId, text, attachmentIds: [] },
          responder,
        );
        // Somebody has taken over in this very moment.
        if (!run) throw notFound('agent that answers');
        return run;
      }),
    );
  }

  private async inOwnRoom(viewer: Viewer, { messageId, agentId, text }: Ordered): Promise<Run> {
    const { directory, conversations, messages, transactions } = this.options;
    const [agent] = await directory.agentsThatAnswer(viewer, [agentId]);
    if (!agent) throw badInput('input.agentId', 'There is no such agent, or it cannot answer.');
    return transactions.scoped(async (unit) => {
      const wanted = { id: messageId, title: null, agentIds: [agent.id], userIds: [] };
      const room: Conversation = await conversations.createIn(unit, viewer, wanted);
      const opened = { room, participants: [], facts: { orgId: room.orgId, createdById: viewer.userId, userIds: [] } };
      const written = { id: messageId, text, attachmentIds: [] };
      const { run } = await messages.write(unit, viewer, opened, written, { agentId: agent.id, routed: null });
      if (!run) throw new Error('A room that was just made has somebody who has taken over.');
      return run;
    });
  }
}

interface Ordered {
  messageId: string;
  agentId: string;
  text: string;
}

const present = (run: Run, text: string): OrderedRun => ({
  runId: run.id,
  conversationId: run.conversationId,
  state: run.state as RunState,
  text,
  error: run.error as unknown as RunErrorType | null,
});
