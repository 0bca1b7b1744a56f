import type { Database } from '#core/database/database';
import type { ScopedUnit, Transactions } from '#core/database/transaction';
import { conflict, notFound } from '#core/error';
import { isId, newId } from '#core/id';
import type { Streams } from '#core/stream/streams';
import type { Viewer } from '#core/viewer';
import type { Run, Step } from '#prisma/generated/client';
import { nullIfNotFound, openRoom } from '../conversation.access.ts';
import type { ConversationLoaders } from '../conversation.loaders.ts';
import { canWrite } from '../conversation.policy.ts';
import { snapshotRun } from '../conversation.presenter.ts';
import { eventOf } from '../conversation-event.ts';
import { actorOf } from '../conversation-outbox.ts';
import { lockRoom } from '../room-lock.ts';
import type { RoomTurns } from '../room-turn.ts';
import { RUN_COLUMNS } from '../row.ts';
import type { RunService } from '../run.service.ts';
import { silencedAgents } from '../takeover/takeover-row.ts';
import { stepsToRepeat } from './dependence.ts';
import { INTERRUPTED } from './tool-step.ts';

const RETRYABLE: readonly Run['state'][] = ['FAILED', 'PARTIAL', 'LIMIT_REACHED', 'CANCELLED'];

/** Runs that ended short of their aim, gone on with. */
export class RetryService {
  constructor(
    private readonly database: Database,
    private readonly transactions: Transactions,
    private readonly streams: Streams,
    private readonly runs: RunService,
    private readonly turns: RoomTurns,
  ) {}

  /**
   * Does again what failed in a run, and what rests on it; whatever else has finished is kept.
   * @throws ParleyError `CONFLICT` where the run has not ended, has succeeded, is not the last of its room, or holds a
   *   step that must not be done twice
   */
  async retry(viewer: Viewer, runId: string, loaders: ConversationLoaders): Promise<Run> {
    const run = await this.runs.find(viewer, runId, loaders);
    if (!run) throw notFound('run');
    await this.allow(viewer, run, loaders);
    return this.begin(viewer, run, null);
  }

  /** Lets a step that was interrupted be done again: somebody has looked at what it did. */
  async requeue(viewer: Viewer, stepId: string, loaders: ConversationLoaders): Promise<Run> {
    const step = isId(stepId) ? await this.database.scoped.step.findFirst({ where: { id: stepId } }) : null;
    const run = step && (await this.runs.find(viewer, step.runId, loaders).catch(nullIfNotFound));
    if (!step || !run) throw notFound('step');
    await this.allow(viewer, run, loaders);
    if (!isInterrupted(step)) throw conflict('Only a step that was interrupted is requeued; retry its run instead.');
    return this.begin(viewer, run, step);
  }

  private async allow(viewer: Viewer, run: Run, loaders: ConversationLoaders): Promise<void> {
    const refusal = 'Only those who take part in a conversation retry its runs.';
    await openRoom(viewer, run.conversationId, loaders, { check: canWrite, refusal });
  }

  private begin(viewer: Viewer, run: Run, requeued: Step | null): Promise<Run> {
    return this.turns.take(run.conversationId, () =>
      this.transactions.scoped(async (unit) => {
        await lockRoom(unit.tx, run.conversationId);
        await this.check(unit, run);
        const steps = await unit.tx.step.findMany({ where: { runId: run.id } });
        const blocked = steps.find((step) => isInterrupted(step) && step.id !== requeued?.id);
        if (blocked) throw conflict(`The step ${blocked.name} was interrupted: requeue it first (${blocked.id}).`);
        const again = stepsToRepeat(steps);
        await unit.tx.step.updateMany({ where: { id: { in: again } }, data: { state: 'CANCELLED' } });
        const [queued] = await unit.tx.$queryRawUnsafe<Run[]>(AGAIN, run.id);
        if (!queued) throw notFound('run');
        await unit.emit({
          id: newId(),
          orgId: run.orgId,
          type: 'run.retried',
          payload: { runId: run.id, conversationId: run.conversationId, steps: again.length },
          actor: actorOf(viewer),
        });
        const room = { id: run.conversationId, orgId: run.orgId };
        const events = await this.streams.appendIn(unit.tx, [
          eventOf(room, 'RunStateChanged', { run: snapshotRun(queued) }),
        ]);
        unit.afterCommit(() => {
          this.streams.publish(room.id, events);
          this.runs.dispatch(queued);
        });
        return queued;
      }),
    );
  }

  private async check({ tx }: ScopedUnit, run: Run): Promise<void> {
    const now = await tx.run.findFirst({ where: { id: run.id } });
    if (!now) throw notFound('run');
    if (!RETRYABLE.includes(now.state)) throw conflict(`A run that is ${now.state} is not retried.`);
    if (now.rolledBackAt) throw conflict('A run that was taken back is not retried: send the message again.');
    if ((await silencedAgents(tx, run.conversationId, [run.agentId])).has(run.agentId)) {
      throw conflict('A person has taken over: hand the conversation back first.');
    }
    const reply = await tx.message.findFirst({ where: { id: run.replyMessageId }, select: { isShown: true } });
    if (reply && !reply.isShown) throw conflict('The conversation shows another version of this answer.');
    const later = await tx.run.findFirst({
      where: { conversationId: run.conversationId, id: { gt: run.id } },
      select: { id: true },
    });
    if (later) throw conflict('The conversation has gone on: send the message again.');
  }
}

const isInterrupted = ({ error }: Step): boolean => (error as { code?: string } | null)?.code === INTERRUPTED;

const AGAIN = `
  UPDATE runs SET state = 'QUEUED', error = NULL, finished_at = NULL, cancel_requested_at = NULL, resuming = false,
                  waiting_for = NULL, lease_until = NULL, queued_at = clock_timestamp(), active_ms = 0
  WHERE id = $1::uuid RETURNING ${RUN_COLUMNS}`;
