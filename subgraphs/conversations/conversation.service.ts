import type { Bus } from '#core/bus/bus';
import type { Database } from '#core/database/database';
import type { ScopedUnit, Transactions } from '#core/database/transaction';
import { badInputs, type FieldProblem, forbidden, notFound } from '#core/error';
import { encodeCursor, type Page, type PageArgs, readMoment, readPage, toPage } from '#core/graphql/pagination';
import { isId, newId } from '#core/id';
import type { StreamAppend } from '#core/stream/event';
import type { Streams } from '#core/stream/streams';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import type { Conversation } from '#prisma/generated/client';
import { nullIfNotFound, type OpenRoom, openRoom } from './conversation.access.ts';
import {
  type AddParticipantsInput,
  addParticipantsSchema,
  type CreateConversationInput,
  createConversationSchema,
  MAX_IN_ROOM,
  type RemoveParticipantInput,
  type UpdateConversationInput,
  updateConversationSchema,
} from './conversation.input.ts';
import type { ConversationLoaders } from './conversation.loaders.ts';
import { canChange, canDelete } from './conversation.policy.ts';
import { eventOf, type Room } from './conversation-event.ts';
import { actorOf } from './conversation-outbox.ts';
import { removeLiveStreams } from './live/live-cleanup.ts';
import { announceLook } from './live/live-mailbox.ts';
import type { ParticipantKind } from './participant.type.ts';
import type { PeerDirectory } from './peer-directory.ts';
import { lockRoom } from './room-lock.ts';
import type { RoomTurns } from './room-turn.ts';
import { announceCancel } from './run/cancel-signal.ts';
import { UNFINISHED } from './run.service.ts';
import { endTakeoversOf } from './takeover/departure.ts';

interface Newcomer {
  kind: ParticipantKind;
  id: string;
}

interface NewRoom {
  id: string;
  title: string | null;
  agentIds: string[];
  /** Beside its maker. */
  userIds: string[];
}

/** Rooms and who is in them. */
export class ConversationService {
  constructor(
    private readonly database: Database,
    private readonly transactions: Transactions,
    private readonly streams: Streams,
    private readonly directory: PeerDirectory,
    private readonly bus: Bus,
    private readonly turns: RoomTurns,
  ) {}

  /** The room, where the viewer may read it; null elsewhere. */
  async find(viewer: Viewer, id: string, loaders: ConversationLoaders): Promise<Conversation | null> {
    // The cursor first: whatever is read after it, and changes meanwhile, is told of behind it.
    if (isId(id)) await loaders.head.load(id);
    const opened = await openRoom(viewer, id, loaders).catch(nullIfNotFound);
    return opened?.room ?? null;
  }

  /** The rooms that the viewer takes part in, the one with the latest activity first. */
  async list<Node>(viewer: Viewer, args: PageArgs, present: (row: Conversation) => Node): Promise<Page<Node>> {
    const request = readPage(args, {
      parse: ([time, id]) => {
        const at = readMoment(time);
        return at && isId(id) ? { at, id } : null;
      },
    });
    const where = {
      participants: { some: { kind: 'USER' as const, participantId: viewer.userId, leftAt: null } },
    };
    const [order, side] = request.direction === 'forward' ? (['desc', 'lt'] as const) : (['asc', 'gt'] as const);
    const { cursor } = request;
    const beyond = cursor && {
      OR: [{ lastActivityAt: { [side]: cursor.at } }, { lastActivityAt: cursor.at, id: { [side]: cursor.id } }],
    };
    const rows = await this.database.scoped.conversation.findMany({
      where: beyond ? { AND: [where, beyond] } : where,
      orderBy: [{ lastActivityAt: order }, { id: order }],
      take: request.limit + 1,
    });
    return toPage(request, rows, {
      cursorOf: (row) => encodeCursor(row.lastActivityAt, row.id),
      present,
      totalCount: () => this.database.scoped.conversation.count({ where }),
    });
  }

  async create(viewer: Viewer, input: CreateConversationInput): Promise<Conversation> {
    const { title = null, agentIds, userIds } = validate(createConversationSchema, input);
    const others = userIds.filter((id) => id !== viewer.userId);
    await this.checkExist(viewer, agentIds, others);
    return this.transactions.scoped((unit) =>
      this.createIn(unit, viewer, { id: newId(), title, agentIds, userIds: others }),
    );
  }

  /** Makes a room within a transaction. Who else is to be in it was looked up before. */
  async createIn(unit: ScopedUnit, viewer: Viewer, { id, title, agentIds, userIds }: NewRoom): Promise<Conversation> {
    const row = await unit.tx.conversation.create({ data: { id, title, createdById: viewer.userId } });
    await unit.emit({
      id: newId(),
      orgId: viewer.orgId,
      type: 'conversation.created',
      payload: { conversationId: id, agentIds, userIds },
      actor: actorOf(viewer),
    });
    await this.join(unit, { id, orgId: viewer.orgId }, [
      { kind: 'USER', id: viewer.userId },
      ...userIds.map((userId) => ({ kind: 'USER' as const, id: userId })),
      ...agentIds.map((agentId) => ({ kind: 'AGENT' as const, id: agentId })),
    ]);
    return row;
  }

  async rename(viewer: Viewer, input: UpdateConversationInput, loaders: ConversationLoaders): Promise<Conversation> {
    const { conversationId, title } = validate(updateConversationSchema, input);
    const { room } = await this.openToChange(viewer, conversationId, loaders);
    if (title === undefined || title === room.title) return room;
    return this.inRoom(room, async (unit) => {
      const row = await unit.tx.conversation.update({ where: { id: room.id }, data: { title } });
      await unit.emit({
        id: newId(),
        orgId: viewer.orgId,
        type: 'conversation.updated',
        payload: { conversationId: room.id, changed: ['title'] },
        actor: actorOf(viewer),
      });
      await this.append(unit, room.id, [eventOf(room, 'ConversationUpdated', { title })]);
      return row;
    });
  }

  async addParticipants(
    viewer: Viewer,
    input: AddParticipantsInput,
    loaders: ConversationLoaders,
  ): Promise<Conversation> {
    const { conversationId, agentIds, userIds } = validate(addParticipantsSchema, input);
    const { room } = await this.openToChange(viewer, conversationId, loaders);
    await this.checkExist(viewer, agentIds, userIds);
    await this.inRoom(room, async (unit) => {
      const present = await unit.tx.participant.findMany({ where: { conversationId: room.id, leftAt: null } });
      const known = new Set(present.map((row) => row.participantId));
      const newcomers: Newcomer[] = [
        ...userIds.map((id) => ({ kind: 'USER' as const, id })),
        ...agentIds.map((id) => ({ kind: 'AGENT' as const, id })),
      ].filter(({ id }) => !known.has(id));
      if (present.length + newcomers.length > MAX_IN_ROOM) {
        throw badInputs([{ path: 'input', message: `A room takes ${MAX_IN_ROOM} participants at most.` }]);
      }
      if (newcomers.length === 0) return;
      const idsOf = (kind: Newcomer['kind']) => newcomers.filter((each) => each.kind === kind).map(({ id }) => id);
      await unit.emit({
        id: newId(),
        orgId: viewer.orgId,
        type: 'participant.joined',
        payload: { conversationId: room.id, agentIds: idsOf('AGENT'), userIds: idsOf('USER') },
        actor: actorOf(viewer),
      });
      await this.join(unit, room, newcomers);
    });
    loaders.participants.clear(room.id);
    return room;
  }

  /** Takes a participant out of the room; everybody may take out himself. */
  async removeParticipant(viewer: Viewer, input: RemoveParticipantInput, loaders: ConversationLoaders): Promise<void> {
    const opened = await openRoom(viewer, input.conversationId, loaders);
    const leaving = input.participantId === viewer.userId;
    if (!leaving && !canChange(viewer, opened.facts)) throw forbidden(REFUSED_CHANGE);
    const { room } = opened;
    const found = opened.participants.find((row) => row.participantId === input.participantId);
    if (!found) throw notFound('participant');
    await this.inRoom(room, async (unit) => {
      const left = await unit.tx.participant.updateMany({
        where: { id: found.id, leftAt: null },
        data: { leftAt: new Date() },
      });
      if (left.count === 0) throw notFound('participant');
      await unit.emit({
        id: newId(),
        orgId: viewer.orgId,
        type: 'participant.left',
        payload: { conversationId: room.id, kind: found.kind, participantId: found.participantId },
        actor: actorOf(viewer),
      });
      const event = eventOf(room, 'ParticipantLeft', { kind: found.kind, participantId: found.participantId });
      const ended = found.kind === 'USER' ? await endTakeoversOf(unit, room, found.participantId) : [];
      await this.append(unit, room.id, [event, ...ended]);
    });
    loaders.participants.clear(room.id);
  }

  /** Deletes the room with its messages, its runs and its stream. */
  async delete(viewer: Viewer, id: string, loaders: ConversationLoaders): Promise<void> {
    const allowed = {
      check: canDelete,
      refusal: 'Only who made a conversation, or a manager of all of them, deletes it.',
    };
    const { room } = await openRoom(viewer, id, loaders, allowed);
    await this.inRoom(room, async (unit) => {
      const runs = await unit.tx.run.findMany({
        where: { conversationId: room.id },
        select: { id: true, state: true },
      });
      const liveIds = await removeLiveStreams(unit.tx, this.streams, room.id);
      await unit.tx.conversation.deleteMany({ where: { id: room.id } });
      await this.streams.remove(
        unit.tx,
        room.id,
        runs.map((run) => run.id),
      );
      await unit.emit({
        id: newId(),
        orgId: viewer.orgId,
        type: 'conversation.deleted',
        payload: { conversationId: room.id },
        actor: actorOf(viewer),
      });
      unit.afterCommit(() => {
        for (const id of [room.id, ...liveIds]) this.streams.announceRemoval(id);
        for (const id of liveIds) announceLook(this.bus, id);
        for (const run of runs) if (UNFINISHED.includes(run.state)) announceCancel(this.bus, run.id);
      });
    });
  }

  /** Writes in a room, one caller after the other. */
  private inRoom<T>(room: Room, work: (unit: ScopedUnit) => Promise<T>): Promise<T> {
    return this.turns.take(room.id, () =>
      this.transactions.scoped(async (unit) => {
        await lockRoom(unit.tx, room.id);
        return work(unit);
      }),
    );
  }

  private openToChange(viewer: Viewer, id: string, loaders: ConversationLoaders): Promise<OpenRoom> {
    return openRoom(viewer, id, loaders, { check: canChange, refusal: REFUSED_CHANGE });
  }

  private async join(unit: ScopedUnit, room: Room, newcomers: Newcomer[]): Promise<void> {
    // One who was in the room before comes back to the row that he left.
    await unit.tx.$executeRaw`
      INSERT INTO participants AS p (id, org_id, conversation_id, kind, participant_id)
      SELECT t.id, ${room.orgId}::uuid, ${room.id}::uuid, t.kind::"ParticipantKind", t.participant
      FROM unnest(${newcomers.map(() => newId())}::uuid[], ${newcomers.map(({ kind }) => kind)}::text[],
                  ${newcomers.map(({ id }) => id)}::uuid[]) AS t(id, kind, participant)
      ON CONFLICT (conversation_id, kind, participant_id) DO UPDATE SET left_at = NULL, joined_at = now()`;
    const events = newcomers.map(({ kind, id }) => eventOf(room, 'ParticipantJoined', { kind, participantId: id }));
    await this.append(unit, room.id, events);
  }

  private async append(unit: ScopedUnit, roomId: string, appends: StreamAppend[]): Promise<void> {
    const events = await this.streams.appendIn(unit.tx, appends);
    unit.afterCommit(() => this.streams.publish(roomId, events));
  }

  private async checkExist(viewer: Viewer, agentIds: string[], userIds: string[]): Promise<void> {
    const [agents, users] = await Promise.all([
      this.directory.agents(viewer, agentIds),
      this.directory.users(viewer, userIds),
    ]);
    const missing = (ids: string[], found: { id: string }[], field: string, noun: string): FieldProblem[] => {
      const known = new Set(found.map(({ id }) => id));
      return ids.flatMap((id, index) =>
        known.has(id) ? [] : [{ path: `input.${field}.${index}`, message: `There is no such ${noun}.` }],
      );
    };
    const problems = [...missing(agentIds, agents, 'agentIds', 'agent'), ...missing(userIds, users, 'userIds', 'user')];
    if (problems.length > 0) throw badInputs(problems);
  }
}

const REFUSED_CHANGE = 'Only those who may write in a conversation, or a manager of all of them, change it.';
