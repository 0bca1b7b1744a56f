import type { Bus } from '#core/bus/bus';
import type { Database } from '#core/database/database';
import type { ScopedUnit, Transactions } from '#core/database/transaction';
import { notFound } from '#core/error';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId, newId } from '#core/id';
import type { JobQueue } from '#core/job/job';
import type { Logger } from '#core/log';
import type { Streams } from '#core/stream/streams';
import type { Viewer } from '#core/viewer';
import type { Run } from '#prisma/generated/client';
import { nullIfNotFound, openRoom } from './conversation.access.ts';
import type { ConversationLoaders } from './conversation.loaders.ts';
import { canCancel } from './conversation.policy.ts';
import { snapshotRun } from './conversation.presenter.ts';
import { eventOf } from './conversation-event.ts';
import { actorOf } from './conversation-outbox.ts';
import { lockRoom } from './room-lock.ts';
import type { RoomTurns } from './room-turn.ts';
import { announceCancel } from './run/cancel-signal.ts';
import { executeRunJob } from './run/job.ts';

/** The states that are not the end of a run. */
export const UNFINISHED: readonly Run['state'][] = ['QUEUED', 'RUNNING', 'WAITING'];

/** The answers that agents work on. */
export class RunService {
  constructor(
    private readonly database: Database,
    private readonly transactions: Transactions,
    private readonly streams: Streams,
    private readonly bus: Bus,
    private readonly jobs: JobQueue,
    private readonly log: Logger,
    private readonly turns: RoomTurns,
  ) {}

  /** The run, where the viewer may read its room; null elsewhere. */
  async find(viewer: Viewer, id: string, loaders: ConversationLoaders): Promise<Run | null> {
    if (!isId(id)) return null;
    const row = await loaders.run.load(id).catch(nullIfNotFound);
    if (!row) return null;
    const readable = await openRoom(viewer, row.conversationId, loaders).catch(nullIfNotFound);
    return readable && row;
  }

  /** The runs of a room that the viewer may read, the newest first. */
  async list<Node>(roomId: string, args: PageArgs, present: (row: Run) => Node): Promise<Page<Node>> {
    const request = readPage(args, { parse: ([kind, id]) => (kind === 'r' && id && isId(id) ? id : null) });
    const [order, side] = request.direction === 'forward' ? (['desc', 'lt'] as const) : (['asc', 'gt'] as const);
    const where = { conversationId: roomId };
    const rows = await this.database.scoped.run.findMany({
      where: { ...where, ...(request.cursor !== null && { id: { [side]: request.cursor } }) },
      orderBy: { id: order },
      take: request.limit + 1,
    });
    return toPage(request, rows, {
      cursorOf: (row) => encodeCursor('r', row.id),
      present,
      totalCount: () => this.database.scoped.run.count({ where }),
    });
  }

  /** Stops a run. One that has ended already stays as it is: whoever cancels late learns how it ended. */
  async cancel(viewer: Viewer, id: string, loaders: ConversationLoaders): Promise<Run> {
    const run = await this.find(viewer, id, loaders);
    if (!run) throw notFound('run');
    const allowed = {
      check: canCancel,
      refusal: 'This needs the permission runs:cancel and a part in the conversation.',
    };
    await openRoom(viewer, run.conversationId, loaders, allowed);
    return this.turns.take(run.conversationId, () =>
      this.transactions.scoped(async (unit) => {
        await lockRoom(unit.tx, run.conversationId);
        const now = await unit.tx.run.findFirst({ where: { id: run.id } });
        if (!now || !UNFINISHED.includes(now.state)) return now ?? run;
        await unit.emit({
          id: newId(),
          orgId: viewer.orgId,
          type: 'run.cancel_requested',
          payload: { runId: run.id, conversationId: run.conversationId },
          actor: actorOf(viewer),
        });
        return this.cancelIn(unit, run);
      }),
    );
  }

  /**
   * Cancels a run within a transaction that has locked its room: at once where no worker has it, else by asking its
   * worker to stop.
   */
  async cancelIn(unit: ScopedUnit, run: Run): Promise<Run> {
    const now = new Date();
    const { count } = await unit.tx.run.updateMany({
      where: { id: run.id, state: 'QUEUED', resuming: false },
      data: { state: 'CANCELLED', cancelRequestedAt: now, finishedAt: now },
    });
    if (count === 0) {
      await unit.tx.run.updateMany({
        where: { id: run.id, state: 'RUNNING', cancelRequestedAt: null },
        data: { cancelRequestedAt: now },
      });
      // What waits, or waited, is ended by a worker: only there is known what it leaves open.
      const woken = await unit.tx.run.updateMany({
        where: { id: run.id, OR: [{ state: 'WAITING' }, { state: 'QUEUED', cancelRequestedAt: null }] },
        data: { state: 'QUEUED', resuming: true, waitingFor: null, cancelRequestedAt: now, queuedAt: now },
      });
      unit.afterCommit(() => (woken.count > 0 ? this.dispatch(run) : announceCancel(this.bus, run.id)));
      return (await unit.tx.run.findFirst({ where: { id: run.id } })) ?? run;
    }
    const cancelled: Run = { ...run, state: 'CANCELLED', cancelRequestedAt: now, finishedAt: now };
    await unit.emit({
      id: newId(),
      orgId: run.orgId,
      type: 'run.finished',
      payload: {
        runId: run.id,
        conversationId: run.conversationId,
        messageId: run.replyMessageId,
        triggerMessageId: run.triggerMessageId,
        state: 'CANCELLED',
        code: null,
      },
    });
    const event = eventOf({ id: run.conversationId, orgId: run.orgId }, 'RunStateChanged', {
      run: snapshotRun(cancelled),
    });
    const events = await this.streams.appendIn(unit.tx, [event]);
    unit.afterCommit(() => {
      this.streams.publish(run.conversationId, events);
      void this.dispatchNext(run);
    });
    return cancelled;
  }

  /**
   * Cancels a run and takes it back: what it has written, and what it may still write before its worker hears of it, is
   * nothing that models see. Within a transaction that has locked its room.
   */
  async rollBackIn(unit: ScopedUnit, viewer: Viewer, run: Run): Promise<void> {
    const mark = { rolledBackAt: new Date(), rolledBackById: viewer.userId };
    await unit.tx.run.updateMany({ where: { id: run.id }, data: mark });
    const cancelled = await this.cancelIn(unit, { ...run, ...mark });
    await unit.emit({
      id: newId(),
      orgId: run.orgId,
      type: 'run.rolled_back',
      payload: { runId: run.id, conversationId: run.conversationId },
      actor: actorOf(viewer),
    });
    const room = { id: run.conversationId, orgId: run.orgId };
    const events = await this.streams.appendIn(unit.tx, [
      eventOf(room, 'RunRolledBack', { run: snapshotRun(cancelled) }),
    ]);
    unit.afterCommit(() => this.streams.publish(room.id, events));
  }

  /** Hands a run to the workers, to begin after `delayMs`. Should that fail, the sweep finds it in its row. */
  dispatch(run: Pick<Run, 'id' | 'orgId'>, delayMs = 0): void {
    const payload = { orgId: run.orgId, runId: run.id };
    this.jobs.enqueue(executeRunJob, payload, { id: run.id, delayMs }).catch((error: unknown) => {
      this.log.warn({ err: error, runId: run.id }, 'a run was not put into the queue; the sweep will do it');
    });
  }

  /** Hands the next run of a room to the workers, now that one has ended. */
  async dispatchNext({ orgId, conversationId }: Pick<Run, 'orgId' | 'conversationId'>): Promise<void> {
    try {
      const { rows } = await this.database.systemPool.query<{ id: string }>(
        "select id::text from runs where org_id = $1 and conversation_id = $2 and state = 'QUEUED' order by id limit 1",
        [orgId, conversationId],
      );
      if (rows[0]) this.dispatch({ id: rows[0].id, orgId });
    } catch (error) {
      this.log.warn({ err: error, conversationId }, 'the next run of a room was not looked for; the sweep will do it');
    }
  }
}
