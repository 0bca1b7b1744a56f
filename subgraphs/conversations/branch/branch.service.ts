import type { ScopedUnit, Transactions } from '#core/database/transaction';
import { badInput, conflict, forbidden, notFound } from '#core/error';
import { newId } from '#core/id';
import type { StreamAppend } from '#core/stream/event';
import type { Streams } from '#core/stream/streams';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import type { Message, Run } from '#prisma/generated/client';
import { attachmentsOf } from '../attachment/attachment-value.ts';
import { type OpenRoom, openRoom } from '../conversation.access.ts';
import type { ConversationLoaders } from '../conversation.loaders.ts';
import { canWrite } from '../conversation.policy.ts';
import { snapshotRun } from '../conversation.presenter.ts';
import { eventOf, type Room } from '../conversation-event.ts';
import { actorOf } from '../conversation-outbox.ts';
import { type MessageService, newRun, type SentMessage } from '../message.service.ts';
import type { MessagePartValue } from '../message.type.ts';
import { lockRoom } from '../room-lock.ts';
import type { RoomTurns } from '../room-turn.ts';
import { insertRun, readMessage } from '../row.ts';
import { assertOpen } from '../rule/ended-room.ts';
import { type RunService, UNFINISHED } from '../run.service.ts';
import {
  type EditMessageInput,
  editMessageSchema,
  type RegenerateReplyInput,
  regenerateReplySchema,
  type SelectBranchInput,
} from './branch.type.ts';
import { newestWith } from './branch-path.ts';
import { beginBranch, readBranches, showBranch } from './branch-row.ts';

export interface BranchServiceOptions {
  transactions: Transactions;
  streams: Streams;
  messages: MessageService;
  runs: RunService;
  turns: RoomTurns;
}

/** Versions of messages. One of each is shown, and is what agents know; the others are kept with what followed them. */
export class BranchService {
  constructor(private readonly options: BranchServiceOptions) {}

  /**
   * Writes a message of the viewer's anew, and has it answered.
   * @throws ParleyError `FORBIDDEN` where somebody else wrote it; `CONFLICT` where the room is busy.
   */
  async edit(viewer: Viewer, input: EditMessageInput, loaders: ConversationLoaders): Promise<SentMessage> {
    const { messageId, text, agentId, whenBusy } = validate(editMessageSchema, input);
    const { message, opened } = await this.open(viewer, messageId, loaders);
    if (message.authorKind !== 'USER' || message.authorId !== viewer.userId) {
      throw forbidden('Only who wrote a message edits it.');
    }
    const kept = attachmentsOf(message.parts as unknown as MessagePartValue[]);
    if (text.trim() === '' && kept.length === 0) throw badInput('input.text', 'Write something');
    const { messages } = this.options;
    const responder = await messages.responder(viewer, opened, text, agentId ?? null);
    const id = newId();
    const sent = await this.inRoom(opened.room, async (unit) => {
      const present = await presentMessage(unit, message.id);
      await messages.clearTheWay(unit, viewer, opened.room.id, whenBusy);
      const replaced = await beginBranch(unit.tx, opened.room, {
        of: present,
        firstMessageId: id,
        userId: viewer.userId,
      });
      await unit.emit({
        id: newId(),
        orgId: opened.room.orgId,
        type: 'message.edited',
        payload: { conversationId: opened.room.id, messageId: id, editedMessageId: message.id },
        actor: actorOf(viewer),
      });
      await this.append(unit, opened.room, [selected(opened.room, id, replaced)]);
      return messages.write(unit, viewer, opened, { id, text, attachmentIds: [], kept }, responder);
    });
    if (sent.run) this.options.runs.dispatch(sent.run);
    return sent;
  }

  /**
   * Has a message answered once more.
   * @throws ParleyError `CONFLICT` where the room is busy, or what the answer came of is no longer kept.
   */
  async regenerate(viewer: Viewer, input: RegenerateReplyInput, loaders: ConversationLoaders): Promise<Run> {
    const { messageId, agentId, whenBusy } = validate(regenerateReplySchema, input);
    const { message, opened } = await this.open(viewer, messageId, loaders);
    const run = message.runId ? await this.options.runs.find(viewer, message.runId, loaders) : null;
    if (!run) throw conflict('This is not the answer of an agent, or how it came about is no longer kept.');
    const trigger = await this.options.messages.find(viewer, run.triggerMessageId, loaders);
    if (!trigger) throw conflict('The message that was answered is no longer kept.');
    const isHere = opened.participants.some(({ participantId }) => participantId === run.agentId);
    const wanted = agentId ?? (isHere ? run.agentId : null);
    const { agentId: responderId } = await this.options.messages.responder(viewer, opened, trigger.text, wanted);
    if (!responderId) throw conflict('There is no agent in the conversation to answer.');
    const { room } = opened;
    assertOpen(room);
    const begun = await this.inRoom(room, async (unit) => {
      // The reply is the first of all that a run writes.
      const reply = await presentMessage(unit, run.replyMessageId);
      await this.options.messages.clearTheWay(unit, viewer, room.id, whenBusy);
      const next: Run = { ...newRun(trigger, responderId), startedById: viewer.userId, queuedAt: new Date() };
      const replaced = await beginBranch(unit.tx, room, {
        of: reply,
        firstMessageId: next.replyMessageId,
        userId: viewer.userId,
      });
      if (!(await insertRun(unit.tx, next)))
        throw conflict('A person has taken over: hand the conversation back first.');
      await unit.emit({
        id: newId(),
        orgId: room.orgId,
        type: 'run.regenerated',
        payload: { conversationId: room.id, runId: next.id, earlierRunId: run.id },
        actor: actorOf(viewer),
      });
      await this.append(unit, room, [
        selected(room, next.replyMessageId, replaced),
        eventOf(room, 'RunStateChanged', { run: snapshotRun(next) }),
      ]);
      return next;
    });
    this.options.runs.dispatch(begun);
    return begun;
  }

  /**
   * Shows the newest history that a message is part of.
   * @throws ParleyError `CONFLICT` while a run of the room is not finished.
   */
  async select(viewer: Viewer, { messageId }: SelectBranchInput, loaders: ConversationLoaders) {
    const { message, opened } = await this.open(viewer, messageId, loaders);
    const { room } = opened;
    const shown = await this.inRoom(room, async (unit) => {
      const present = await presentMessage(unit, message.id);
      if (present.isShown) return present;
      const busy = await unit.tx.run.findFirst({
        where: { conversationId: room.id, state: { in: [...UNFINISHED] } },
        select: { id: true },
      });
      if (busy) throw conflict('The conversation is busy: wait for its run to end, or cancel it.');
      const branches = await readBranches(unit.tx, room.id);
      const replaced = await showBranch(unit.tx, room, branches, newestWith(branches, present));
      await unit.emit({
        id: newId(),
        orgId: room.orgId,
        type: 'message.branch_selected',
        payload: { conversationId: room.id, messageId: present.id, replacedMessageId: replaced },
        actor: actorOf(viewer),
      });
      await this.append(unit, room, [selected(room, present.id, replaced)]);
      return { ...present, isShown: true };
    });
    return { room, message: shown };
  }

  private async open(viewer: Viewer, id: string, loaders: ConversationLoaders) {
    const message = await this.options.messages.find(viewer, id, loaders);
    if (!message) throw notFound('message');
    const allowed = { check: canWrite, refusal: 'Only those who take part in a conversation change what it shows.' };
    const opened: OpenRoom = await openRoom(viewer, message.conversationId, loaders, allowed);
    return { message, opened };
  }

  private inRoom<T>(room: Room, work: (unit: ScopedUnit) => Promise<T>): Promise<T> {
    const { turns, transactions } = this.options;
    return turns.take(room.id, () =>
      transactions.scoped(async (unit) => {
        await lockRoom(unit.tx, room.id);
        return work(unit);
      }),
    );
  }

  private async append(unit: ScopedUnit, room: Room, appends: StreamAppend[]): Promise<void> {
    const events = await this.options.streams.appendIn(unit.tx, appends);
    unit.afterCommit(() => this.options.streams.publish(room.id, events));
  }
}

/** As it is, now that nobody else writes in the room. */
async function presentMessage({ tx }: ScopedUnit, id: string): Promise<Message> {
  return (await readMessage(tx, id)) ?? notThere();
}

function notThere(): never {
  throw notFound('message');
}

const selected = (room: Room, messageId: string, replacedMessageId: string | null): StreamAppend =>
  eventOf(room, 'BranchSelected', { messageId, replacedMessageId });
