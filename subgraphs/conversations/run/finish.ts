import type { Budget } from '#core/budget/budget.port';
import type { RawTransaction, Transactions, Unit } from '#core/database/transaction';
import { newId } from '#core/id';
import type { JsonValue, ModelUsage } from '#core/model/model.port';
import type { StreamAppend } from '#core/stream/event';
import type { Streams } from '#core/stream/streams';
import type { Message, Run } from '#prisma/generated/client';
import { snapshotMessage, snapshotRun } from '../conversation.presenter.ts';
import { eventOf } from '../conversation-event.ts';
import { holdsRun } from '../orchestration/held-run.ts';
import { type JournalEntry, writeEntries } from '../orchestration/journal-write.ts';
import { RUN_COLUMNS, reformMessage } from '../row.ts';
import { type RunErrorType, RunState } from '../run.type.ts';
import type { ClaimedRun } from './claim.ts';
import { closeOpenWork } from './close-open-work.ts';
import type { ModelReply } from './model-reply.ts';
import { sumUsage } from './usage.ts';

/** How a run ended. */
export interface Outcome {
  state: RunState.SUCCEEDED | RunState.PARTIAL | RunState.FAILED | RunState.CANCELLED | RunState.LIMIT_REACHED;
  error: RunErrorType | null;
  /** What was not stored yet of its steps. */
  entries: readonly JournalEntry[];
  /** Whether some of its work may not have come to its end. */
  leavesOpen: boolean;
  /** What the next run of the same team has to know. */
  teamState: JsonValue;
}

/** What a limit ended is whole as far as it goes. */
const MESSAGE_STATUS = {
  SUCCEEDED: 'COMPLETE',
  PARTIAL: 'COMPLETE',
  LIMIT_REACHED: 'COMPLETE',
  FAILED: 'FAILED',
  CANCELLED: 'CANCELLED',
} as const;

export interface FinishOptions {
  transactions: Transactions;
  streams: Streams;
  budget: Budget;
}

/**
 * Ends a run: its final message, its state, its last steps, the counts of its calls and the events that tell of it, in
 * one transaction.
 * @returns false where the claim was taken over: then nothing was written.
 */
export async function finishRun(
  { run, reply }: ClaimedRun,
  said: ModelReply,
  { entries, leavesOpen, teamState, ...outcome }: Outcome,
  { transactions, streams, budget }: FinishOptions,
): Promise<boolean> {
  return transactions.direct(async (unit) => {
    const { tx, emit, afterCommit } = unit;
    const now = new Date();
    const held = await holdsRun(run, unit);
    if (!held) return false;
    // Whoever took it back was told that it is cancelled.
    const { state, error } = held.isRolledBack ? { state: RunState.CANCELLED as const, error: null } : outcome;
    const status = MESSAGE_STATUS[state];
    const shown = await lastEntries(run, entries, unit, budget);
    if (leavesOpen) {
      shown.push(...(await closeOpenWork(run, { except: reply.id, status, error, now }, tx)));
    }
    const usage = await totalUsage(run.id, tx);
    const [ended] = await tx.$queryRawUnsafe<Run[]>(
      END,
      run.id,
      state,
      now,
      jsonOf(error),
      jsonOf(usage),
      jsonOf(teamState),
    );
    const message = await reformMessage(tx, reply.id, {
      status,
      text: said.text,
      parts: said.parts as unknown as Message['parts'],
      completedAt: now,
    });
    if (!ended || !message) throw new Error('A run that is held has lost its rows.');
    await emit({
      id: newId(),
      orgId: run.orgId,
      type: 'run.finished',
      payload: {
        runId: run.id,
        conversationId: run.conversationId,
        messageId: reply.id,
        triggerMessageId: run.triggerMessageId,
        state,
        code: error?.code ?? null,
      },
    });
    const room = { id: run.conversationId, orgId: run.orgId };
    const events = await streams.appendIn(tx, [
      ...shown,
      eventOf(room, 'MessageCompleted', { message: snapshotMessage(message) }),
      eventOf(room, 'RunStateChanged', { run: snapshotRun(ended) }),
    ]);
    afterCommit(() => streams.publish(room.id, events));
    return true;
  });
}

const lastEntries = (
  run: Run,
  entries: readonly JournalEntry[],
  unit: Unit<RawTransaction>,
  budget: Budget,
): Promise<StreamAppend[]> => (entries.length > 0 ? writeEntries(run, entries, unit, budget) : Promise.resolve([]));

/**
 * Also takes the run's claim off the stream: nothing more may be streamed in its name, and an absent producer is refused
 * like an outdated one.
 */
const END = `
  WITH producer AS (DELETE FROM stream_producers WHERE id = $1::uuid), room AS (
    UPDATE conversations SET last_activity_at = $3::timestamptz, updated_at = $3::timestamptz
    WHERE id = (SELECT conversation_id FROM runs WHERE id = $1::uuid))
  UPDATE runs SET state = $2::"RunState", finished_at = $3::timestamptz, error = $4::jsonb, usage = $5::jsonb,
                  team_state = coalesce($6::jsonb, team_state), waiting_for = NULL, lease_until = NULL, active_since = NULL
  WHERE id = $1::uuid RETURNING ${RUN_COLUMNS}`;

const jsonOf = (value: unknown): string | null => (value == null ? null : JSON.stringify(value));

/** Of all attempts: each was paid for. */
async function totalUsage(runId: string, tx: RawTransaction) {
  const calls = await tx.$queryRaw<{ usage: ModelUsage | null }[]>`
    SELECT usage FROM model_calls WHERE run_id = ${runId}::uuid`;
  return sumUsage(calls.map(({ usage }) => usage));
}
