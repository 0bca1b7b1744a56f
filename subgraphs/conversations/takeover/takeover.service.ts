import DataLoader from 'dataloader';
import type { Database } from '#core/database/database';
import type { ScopedUnit, Transactions } from '#core/database/transaction';
import { badInput, conflict } from '#core/error';
import { isId, newId } from '#core/id';
import type { StreamAppend } from '#core/stream/event';
import type { Streams } from '#core/stream/streams';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import type { Conversation, Run, Takeover } from '#prisma/generated/client';
import { type OpenRoom, openRoom } from '../conversation.access.ts';
import type { ConversationLoaders } from '../conversation.loaders.ts';
import { snapshotRun } from '../conversation.presenter.ts';
import { eventOf, type Room } from '../conversation-event.ts';
import { actorOf } from '../conversation-outbox.ts';
import { newRun } from '../message.service.ts';
import type { Named, PeerDirectory } from '../peer-directory.ts';
import { lockRoom } from '../room-lock.ts';
import type { RoomTurns } from '../room-turn.ts';
import { insertRun } from '../row.ts';
import { type RunService, UNFINISHED } from '../run.service.ts';
import { answeringAgent } from './answering-agent.ts';
import { canTakeOver } from './takeover.policy.ts';
import {
  type HandBackConversationInput,
  handBackSchema,
  type TakeOverConversationInput,
  TakeOverRuns,
  takeOverSchema,
} from './takeover.type.ts';
import { snapshotTakeover } from './takeover-row.ts';

export type TakeoverLoader = DataLoader<string, Takeover[]>;

export interface TakeoverServiceOptions {
  database: Database;
  transactions: Transactions;
  streams: Streams;
  directory: PeerDirectory;
  runs: RunService;
  turns: RoomTurns;
}

/** People who speak for agents. */
export class TakeoverService {
  constructor(private readonly options: TakeoverServiceOptions) {}

  /**
   * Silences the agents of a room, or one of them. Once more by the same person changes nothing.
   * @throws ParleyError `CONFLICT` where somebody else has taken over.
   */
  async take(viewer: Viewer, input: TakeOverConversationInput, loaders: ConversationLoaders) {
    const { conversationId, agentId = null, runs } = validate(takeOverSchema, input);
    const { room, participants } = await this.open(viewer, conversationId, loaders);
    if (agentId !== null && !isHere(participants, agentId)) throw notHere();
    const takeover = await this.inRoom(room, async (unit) => {
      const earlier = await unit.tx.takeover.findFirst({ where: { conversationId: room.id, agentId } });
      if (earlier?.takenById === viewer.userId) return earlier;
      if (earlier) throw conflict('Somebody else has taken over: it has to be handed back first.');
      const taken = await unit.tx.takeover.create({
        data: { conversationId: room.id, agentId, takenById: viewer.userId },
      });
      await this.stopRuns(unit, taken, runs);
      await this.tell(unit, viewer, room, 'conversation.taken_over', taken, [
        eventOf(room, 'ConversationTakenOver', { takeover: snapshotTakeover(taken) }),
      ]);
      return taken;
    });
    return { room, takeover };
  }

  /** Lets agents answer again. What was not taken over stays as it is. @returns the run of the answer, where one is to come */
  async handBack(
    viewer: Viewer,
    input: HandBackConversationInput,
    loaders: ConversationLoaders,
  ): Promise<{ room: Conversation; run: Run | null }> {
    const { conversationId, agentId = null, answer } = validate(handBackSchema, input);
    const opened = await this.open(viewer, conversationId, loaders);
    if (agentId !== null && !isId(agentId)) throw notHere();
    const { room } = opened;
    // Asked before the room is locked.
    const able = answer ? await this.candidates(viewer, opened, agentId) : [];
    const run = await this.inRoom(room, async (unit) => {
      const ended = await unit.tx.takeover.findFirst({ where: { conversationId: room.id, agentId } });
      if (!ended) {
        if (agentId !== null && !isHere(opened.participants, agentId)) throw notHere();
        return null;
      }
      await unit.tx.takeover.deleteMany({ where: { id: ended.id } });
      const begun = await this.answerLast(unit, viewer, room, able);
      await this.tell(unit, viewer, room, 'conversation.handed_back', ended, [
        eventOf(room, 'ConversationHandedBack', { takeover: snapshotTakeover(ended), byId: viewer.userId }),
        ...(begun ? [eventOf(room, 'RunStateChanged', { run: snapshotRun(begun) })] : []),
      ]);
      return begun;
    });
    if (run) this.options.runs.dispatch(run);
    return { room, run };
  }

  /** Who has taken over in each of many rooms, from agents that are there; the first one first. Gathers without remembering. */
  loader(): TakeoverLoader {
    return new DataLoader(
      async (ids) => {
        const { rows } = await this.options.database.scopedPool.query<Takeover>(PRESENT, [ids]);
        return ids.map((id) => rows.filter(({ conversationId }) => conversationId === id));
      },
      { cache: false },
    );
  }

  private open(viewer: Viewer, id: string, loaders: ConversationLoaders): Promise<OpenRoom> {
    const refusal = 'This needs the permission conversations:take_over and a part in the conversation.';
    return openRoom(viewer, id, loaders, { check: canTakeOver, refusal });
  }

  private async stopRuns(unit: ScopedUnit, { conversationId, agentId }: Takeover, runs: TakeOverRuns): Promise<void> {
    const open = await unit.tx.run.findMany({
      where: { conversationId, state: { in: [...UNFINISHED] }, ...(agentId !== null && { agentId }) },
      orderBy: { id: 'asc' },
    });
    for (const run of open) {
      const hasBegun = run.state !== 'QUEUED' || run.resuming;
      if (runs === TakeOverRuns.STOP || !hasBegun) await this.options.runs.cancelIn(unit, run);
    }
  }

  /** The agents that could answer. */
  private async candidates(viewer: Viewer, { participants }: OpenRoom, agentId: string | null): Promise<Named[]> {
    const present = participants.filter((row) => row.kind === 'AGENT').map((row) => row.participantId);
    return this.options.directory.agentsThatAnswer(
      viewer,
      present.filter((id) => agentId === null || id === agentId),
    );
  }

  /** Has the last message answered, where it is one of a person and an agent may. */
  private async answerLast(unit: ScopedUnit, viewer: Viewer, room: Room, able: readonly Named[]): Promise<Run | null> {
    if (able.length === 0) return null;
    const last = await unit.tx.message.findFirst({
      where: { conversationId: room.id, isShown: true },
      orderBy: { position: 'desc' },
    });
    if (last?.authorKind !== 'USER') return null;
    // Another agent may have it before it already.
    const asked = await unit.tx.run.findFirst({ where: { triggerMessageId: last.id, state: { in: [...UNFINISHED] } } });
    if (asked) return null;
    const chosen = await answeringAgent(unit.tx, room.id, last.text, able);
    if (!chosen) return null;
    const run: Run = { ...newRun(last, chosen), startedById: viewer.userId, queuedAt: new Date() };
    return (await insertRun(unit.tx, run)) ? run : null;
  }

  private async tell(
    unit: ScopedUnit,
    viewer: Viewer,
    room: Room,
    type: 'conversation.taken_over' | 'conversation.handed_back',
    { agentId }: Takeover,
    appends: StreamAppend[],
  ): Promise<void> {
    const payload = { conversationId: room.id, agentId };
    await unit.emit({ id: newId(), orgId: room.orgId, type, payload, actor: actorOf(viewer) });
    const events = await this.options.streams.appendIn(unit.tx, appends);
    unit.afterCommit(() => this.options.streams.publish(room.id, events));
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
}

const isHere = (participants: OpenRoom['participants'], agentId: string): boolean =>
  participants.some((row) => row.kind === 'AGENT' && row.participantId === agentId);

const notHere = () => badInput('input.agentId', 'This agent is not in the conversation.');

const PRESENT = `
  SELECT t.id::text, t.org_id::text AS "orgId", t.conversation_id::text AS "conversationId", t.agent_id::text AS "agentId",
         t.taken_by_id::text AS "takenById", t.taken_at AS "takenAt"
  FROM takeovers t
  WHERE t.conversation_id = ANY($1::uuid[]) AND (t.agent_id IS NULL OR EXISTS (
    SELECT 1 FROM participants p
    WHERE p.conversation_id = t.conversation_id AND p.kind = 'AGENT' AND p.participant_id = t.agent_id AND p.left_at IS NULL))
  ORDER BY t.id`;
