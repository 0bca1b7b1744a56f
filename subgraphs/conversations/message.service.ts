import type { Database } from '#core/database/database';
import type { RawTransaction, ScopedUnit, Transactions, Unit } from '#core/database/transaction';
import { badInput, conflict } from '#core/error';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId, newId } from '#core/id';
import type { Streams } from '#core/stream/streams';
import { currentTraceparent } from '#core/telemetry/span';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import type { Conversation, Message, Participant, Run } from '#prisma/generated/client';
import { addUses, send } from './attachment/attachment-row.ts';
import { type AttachmentValue, toPart } from './attachment/attachment-value.ts';
import { nullIfNotFound, type OpenRoom, openRoom } from './conversation.access.ts';
import { type SendMessageInput, sendMessageSchema, WhenBusy } from './conversation.input.ts';
import type { ConversationLoaders } from './conversation.loaders.ts';
import { canWrite } from './conversation.policy.ts';
import { snapshotMessage, snapshotRun } from './conversation.presenter.ts';
import { eventOf } from './conversation-event.ts';
import { actorOf } from './conversation-outbox.ts';
import { MAX_HISTORY_PAGE } from './message.type.ts';
import type { PeerDirectory } from './peer-directory.ts';
import { lockRoom } from './room-lock.ts';
import type { RoomTurns } from './room-turn.ts';
import { insertMessage, insertRun } from './row.ts';
import { assertOpen } from './rule/ended-room.ts';
import type { MessageRouter, Routed } from './rule/message-router.ts';
import { type RunService, UNFINISHED } from './run.service.ts';
import { withStreamedText } from './streamed-text.ts';
import { answeringAgent } from './takeover/answering-agent.ts';
import { silencedAgents } from './takeover/takeover-row.ts';

export interface SentMessage {
  message: Message;
  /** Null where no agent answers. */
  run: Run | null;
}

/** Who answers a message. */
export interface Responder {
  /** Null where there is no agent, or a person answers. */
  agentId: string | null;
  /** What rules have said of it, to be kept with the message. */
  routed: Routed | null;
}

/** What a message is made of. */
interface Written {
  /** A new one unless given. */
  id?: string;
  text: string;
  /** Uploads that go with it. */
  attachmentIds: readonly string[];
  /** Files that an earlier version of it has. */
  kept?: readonly AttachmentValue[];
}

const ALL_BUT_REJECT = [WhenBusy.ENQUEUE, WhenBusy.INTERRUPT, WhenBusy.ROLLBACK];

/** What is written in rooms. */
export class MessageService {
  constructor(
    private readonly database: Database,
    private readonly transactions: Transactions,
    private readonly streams: Streams,
    private readonly directory: PeerDirectory,
    private readonly runs: RunService,
    private readonly turns: RoomTurns,
    private readonly router: MessageRouter,
  ) {}

  /** The history of a room that the viewer may read, oldest first. Without `last` or `before` it begins at the start. */
  async history<Node>(
    roomId: string,
    args: PageArgs,
    { head: heads, messagePage }: ConversationLoaders,
    present: (row: Message) => Node,
  ): Promise<Page<Node>> {
    const request = readPage(args, {
      maxSize: MAX_HISTORY_PAGE,
      parse: ([kind, position]) => (kind === 'm' && position && /^\d{1,18}$/.test(position) ? BigInt(position) : null),
    });
    // Before the messages, so that whoever resumes from the room's cursor misses none of them.
    const head = await heads.load(roomId);
    const { direction, cursor: position, limit } = request;
    const rows = await messagePage.load({ conversationId: roomId, direction, position, limit: limit + 1 });
    const shown = await Promise.all(
      rows.map((row) => (row.status === 'STREAMING' ? withStreamedText(this.database, row, head) : row)),
    );
    return toPage(request, shown, {
      cursorOf: (row) => encodeCursor('m', row.position),
      present,
      totalCount: () => this.database.scoped.message.count({ where: { conversationId: roomId, isShown: true } }),
    });
  }

  /** The message, where the viewer may read its room; null elsewhere. */
  async find(viewer: Viewer, id: string, loaders: ConversationLoaders): Promise<Message | null> {
    if (!isId(id)) return null;
    const row = await loaders.message.load(id).catch(nullIfNotFound);
    if (!row) return null;
    const readable = await openRoom(viewer, row.conversationId, loaders).catch(nullIfNotFound);
    if (!readable || row.status !== 'STREAMING') return readable && row;
    const head = await loaders.head.load(row.conversationId);
    // It may have ended before that.
    const now = await loaders.message.load(id).catch(nullIfNotFound);
    return now?.status === 'STREAMING' ? withStreamedText(this.database, now, head) : now;
  }

  /**
   * Writes a message and, where an agent is there to answer, the run of its answer: both, their events and the order to
   * a worker, or nothing.
   */
  async send(viewer: Viewer, input: SendMessageInput, loaders: ConversationLoaders): Promise<SentMessage> {
    const { conversationId, text, agentId, whenBusy, attachmentIds } = validate(sendMessageSchema, input);
    const allowed = { check: canWrite, refusal: 'Only those who take part in a conversation write in it.' };
    const opened = await openRoom(viewer, conversationId, loaders, allowed);
    const responder = await this.responder(viewer, opened, text, agentId ?? null);
    const sent = await this.turns.take(opened.room.id, () =>
      responder.agentId && whenBusy !== WhenBusy.ENQUEUE
        ? this.transactions.scoped(async (unit) => {
            await lockRoom(unit.tx, conversationId);
            await this.clearTheWay(unit, viewer, conversationId, whenBusy, ALL_BUT_REJECT);
            return this.write(unit, viewer, opened, { text, attachmentIds }, responder);
          })
        : this.transactions.direct(async (unit) => {
            await lockRoom(unit.tx, conversationId);
            return this.write(unit, viewer, opened, { text, attachmentIds }, responder);
          }),
    );
    // Whoever is to answer may have come into the room.
    if (responder.routed) loaders.participants.clear(conversationId);
    if (sent.run) this.runs.dispatch(sent.run);
    return sent;
  }

  /**
   * Who answers: whom the message or a rule names, else whom the room would have.
   * @throws ParleyError where the agent that is wanted cannot.
   */
  async responder(viewer: Viewer, opened: OpenRoom, text: string, agentId: string | null): Promise<Responder> {
    const { room, participants } = opened;
    const present = participants.filter((row) => row.kind === 'AGENT').map((row: Participant) => row.participantId);
    if (agentId !== null) {
      if (!present.includes(agentId)) throw badInput('input.agentId', 'This agent is not in the conversation.');
      const [[able], silenced] = await Promise.all([
        this.directory.agentsThatAnswer(viewer, [agentId]),
        silencedAgents(this.database.scoped, room.id, present),
      ]);
      if (silenced.has(agentId)) {
        const message = 'A person has taken over from this agent: it answers once the conversation is handed back.';
        throw conflict(message, [{ path: 'input.agentId', message }]);
      }
      if (able) return { agentId: able.id, routed: null };
      const message = 'This agent cannot answer: it is archived, or nothing of it was published.';
      throw conflict(message, [{ path: 'input.agentId', message }]);
    }
    const routed = await this.router.route(viewer, opened, text);
    const chosen = routed?.record?.chosen;
    if (chosen) return { agentId: chosen.kind === 'AGENT' ? chosen.id : null, routed };
    if (present.length < 2) return { agentId: present[0] ?? null, routed };
    // Where none of them can, the run of the first says so in the room.
    const able = await this.directory.agentsThatAnswer(viewer, present);
    const answering = await answeringAgent(this.database.scoped, room.id, text, able);
    return { agentId: answering ?? present[0] ?? null, routed };
  }

  /**
   * Does with what is under way as the message says.
   * @param instead What a refusal names.
   * @throws ParleyError `CONFLICT`
   */
  async clearTheWay(
    unit: ScopedUnit,
    viewer: Viewer,
    conversationId: string,
    whenBusy: WhenBusy,
    instead: readonly WhenBusy[] = [WhenBusy.INTERRUPT, WhenBusy.ROLLBACK],
  ): Promise<void> {
    const busy = await unit.tx.run.findMany({
      where: { conversationId, state: { in: [...UNFINISHED] } },
      orderBy: { id: 'asc' },
    });
    if (busy.length > 0 && whenBusy === WhenBusy.REJECT) {
      throw conflict(
        `The conversation is busy: wait for its run to end, or ask again with whenBusy ${instead.join(' or ')}.`,
      );
    }
    for (const run of busy) {
      if (whenBusy === WhenBusy.ROLLBACK) await this.runs.rollBackIn(unit, viewer, run);
      else await this.runs.cancelIn(unit, run);
    }
  }

  /** Writes it within a transaction that has locked the room, with the run of its answer. */
  async write(
    unit: Unit<RawTransaction>,
    viewer: Viewer,
    { room }: OpenRoom,
    { id, text, attachmentIds, kept = [] }: Written,
    { agentId, routed }: Responder,
  ): Promise<SentMessage> {
    assertOpen(room);
    const now = new Date();
    const message: Message = { ...newMessage(room, viewer.userId, text, now), ...(id && { id }) };
    if (kept.length > 0) {
      await addUses(
        unit.tx,
        kept.map((file) => file.id),
        message,
      );
    }
    const files = [...kept, ...(await send(unit.tx, { ids: attachmentIds, userId: viewer.userId, message }))];
    message.parts = [...(message.parts as object[]), ...files.map(toPart)] as unknown as Message['parts'];
    const wanted = agentId ? newRun(message, agentId) : null;
    const run = wanted && (await insertRun(unit.tx, wanted)) ? wanted : null;
    await unit.tx.$executeRaw`
      UPDATE conversations SET last_activity_at = ${now}::timestamptz, updated_at = ${now}::timestamptz WHERE id = ${room.id}::uuid`;
    await unit.emit({
      id: newId(),
      orgId: room.orgId,
      type: 'message.sent',
      payload: { conversationId: room.id, messageId: message.id, runId: run?.id ?? null },
      actor: actorOf(viewer),
    });
    const added = eventOf(room, 'MessageAdded', { message: snapshotMessage(message) });
    const queued = run ? [eventOf(room, 'RunStateChanged', { run: snapshotRun(run) })] : [];
    const joined = routed ? await this.router.keep(unit, viewer, room, routed, { message, run }) : [];
    const events = await this.streams.appendIn(unit.tx, [added, ...joined, ...queued]);
    message.position = BigInt(events[0]?.seq ?? 0);
    await insertMessage(unit.tx, message);
    unit.afterCommit(() => this.streams.publish(room.id, events));
    return { message, run };
  }
}

/** Its place in the room, and its branch, are known once its event is in the stream. */
const newMessage = (room: Conversation, authorId: string, text: string, at: Date): Message => ({
  id: newId(),
  orgId: room.orgId,
  conversationId: room.id,
  position: 0n,
  authorKind: 'USER',
  authorId,
  status: 'COMPLETE',
  text,
  parts: text === '' ? [] : [{ __typename: 'TextPart', text }],
  runId: null,
  branchId: null,
  isShown: true,
  createdAt: at,
  completedAt: at,
});

/** A run that waits for a worker. Its branch is known once it is stored. */
export const newRun = (trigger: Message, agentId: string): Run => ({
  id: newId(),
  orgId: trigger.orgId,
  conversationId: trigger.conversationId,
  triggerMessageId: trigger.id,
  replyMessageId: newId(),
  agentId,
  agentVersion: null,
  startedById: trigger.authorId,
  state: 'QUEUED',
  attempt: 0,
  fence: 0,
  workerId: null,
  leaseUntil: null,
  cancelRequestedAt: null,
  error: null,
  usage: null,
  queuedAt: trigger.createdAt,
  startedAt: null,
  finishedAt: null,
  waitingFor: null,
  resuming: false,
  activeMs: 0,
  activeSince: null,
  deltaCount: 0,
  journalCount: 0,
  teamState: null,
  branchId: null,
  rolledBackAt: null,
  rolledBackById: null,
  limitRounds: null,
  earlierAttempts: 0,
  traceparent: currentTraceparent(),
});
