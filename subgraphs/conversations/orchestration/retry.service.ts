import type { Database } from '#core/database/database';
import type { ScopedUnit, Transactions } from '#core/database/transaction';
import { conflict, forbidden, notFound } from '#core/error';
import { isId, newId } from '#core/id';
import type { Streams } from '#core/stream/streams';
import type { Viewer } from '#core/viewer';
import { Prisma, type Run, type Step } from '#prisma/generated/client';
import { nullIfNotFound, openRoom } from '../conversation.access.ts';
import type { ConversationLoaders } from '../conversation.loaders.ts';
import { canRetry } from '../conversation.policy.ts';
import { snapshotRun } from '../conversation.presenter.ts';
import { eventOf } from '../conversation-event.ts';
import { actorOf } from '../conversation-outbox.ts';
import { lockRoom } from '../room-lock.ts';
import type { RoomTurns } from '../room-turn.ts';
import { RUN_COLUMNS } from '../row.ts';
import type { RunService } from '../run.service.ts';
import { silencedAgents } from '../takeover/takeover-row.ts';
import { mustBeRequeued, stepsToRepeat } from './dependence.ts';
import { isInterrupted } from './interruption.ts';
import { type LimitRounds, roundsAfter } from './limit-rounds.ts';

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
   * Does again what failed in a run, and what rests on it; whatever else has finished is kept, and so is what failed where
   * the run has gone on from it. Whoever was ended by a limit may go as far again.
   * @throws ParleyError `CONFLICT` where the run has not ended, has succeeded, is not the last of its room, or would do a
   *   step again that must not be done twice
   */
  async retry(viewer: Viewer, runId: string, loaders: ConversationLoaders): Promise<Run> {
    const run = await this.runs.find(viewer, runId, loaders);
    if (!run) throw notFound('run');
    await this.allow(viewer, run, loaders);
    return this.begin(viewer, run, null);
  }

  /**
   * Lets a call that must not be made twice be made again: somebody has looked at what it did. The run goes on once no
   * such call holds it up.
   * @throws ParleyError `CONFLICT` where a retry would not make it again
   */
  async requeue(viewer: Viewer, stepId: string, loaders: ConversationLoaders): Promise<Run> {
    const step = isId(stepId) ? await this.database.scoped.step.findFirst({ where: { id: stepId } }) : null;
    const run = step && (await this.runs.find(viewer, step.runId, loaders).catch(nullIfNotFound));
    if (!step || !run) throw notFound('step');
    await this.allow(viewer, run, loaders);
    return this.begin(viewer, run, step.id);
  }

  private async allow(viewer: Viewer, run: Run, loaders: ConversationLoaders): Promise<void> {
    const { facts } = await openRoom(viewer, run.conversationId, loaders);
    if (!canRetry(viewer, facts, run)) throw forbidden(REFUSAL);
  }

  private begin(viewer: Viewer, run: Run, requeuedId: string | null): Promise<Run> {
    return this.turns.take(run.conversationId, () =>
      this.transactions.scoped(async (unit) => {
        await lockRoom(unit.tx, run.conversationId);
        const now = await this.check(unit, run);
        const steps = await unit.tx.step.findMany({ where: { runId: run.id } });
        const broken = steps.find((step) => step.id === requeuedId && isInterrupted(step));
        const again = stepsToRepeat(steps, now, broken?.id);
        const repeated = steps.filter(({ id }) => again.has(id));
        const held = repeated.filter(mustBeRequeued);
        const requeued = held.find(({ id }) => id === requeuedId);
        if (requeuedId && !requeued)
          throw conflict('Only a step that holds up its run can be requeued: retry the run instead.');
        const [blocked] = held.filter((step) => step !== requeued);
        if (blocked && !requeued) throw conflict(refusalOf(blocked));
        if (requeued) {
          await unit.emit({
            id: newId(),
            orgId: run.orgId,
            type: 'step.requeued',
            payload: { runId: run.id, conversationId: run.conversationId, stepId: requeued.id },
            actor: actorOf(viewer),
          });
        }
        // Where others hold it up as well, the run waits for them.
        const free = blocked && requeued ? [requeued.id] : [...again];
        await unit.tx.step.updateMany({
          where: { id: { in: free } },
          data: { state: 'CANCELLED', error: Prisma.DbNull },
        });
        return blocked ? now : this.queue(unit, viewer, run, repeated, roundsAfter(now, repeated));
      }),
    );
  }

  private async queue(
    unit: ScopedUnit,
    viewer: Viewer,
    run: Run,
    repeated: readonly Step[],
    rounds: LimitRounds,
  ): Promise<Run> {
    const [queued] = await unit.tx.$queryRawUnsafe<Run[]>(AGAIN, run.id, JSON.stringify(rounds));
    if (!queued) throw notFound('run');
    await unit.emit({
      id: newId(),
      orgId: run.orgId,
      type: 'run.retried',
      payload: { runId: run.id, conversationId: run.conversationId, steps: repeated.length },
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
  }

  /** The run as it is now. */
  private async check({ tx }: ScopedUnit, run: Run): Promise<Run> {
    const now = await tx.run.findFirst({ where: { id: run.id } });
    if (!now) throw notFound('run');
    if (!RETRYABLE.includes(now.state)) throw conflict(`A run that is ${now.state} cannot be retried.`);
    if (now.rolledBackAt) throw conflict('A run that was taken back cannot be retried: send the message again.');
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
    return now;
  }
}

const REFUSAL =
  'In a conversation that you take part in, you retry the runs that you started; those who manage all, any.';

const refusalOf = (step: Step): string =>
  isInterrupted(step)
    ? `The step ${step.name} was interrupted: requeue it first (${step.id}).`
    : `The step ${step.name} rests on what failed, and must not be done twice: requeue it if it is to be done again (${step.id}).`;

const AGAIN = `
  UPDATE runs SET state = 'QUEUED', error = NULL, finished_at = NULL, cancel_requested_at = NULL, resuming = false,
                  waiting_for = NULL, lease_until = NULL, queued_at = clock_timestamp(), active_ms = 0,
                  earlier_attempts = attempt, limit_rounds = nullif($2::jsonb, '{}')
  WHERE id = $1::uuid RETURNING ${RUN_COLUMNS}`;
