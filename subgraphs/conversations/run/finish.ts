import type { RawTransaction, Transactions } from '#core/database/transaction';
import { newId } from '#core/id';
import type { ModelUsage } from '#core/model/model.port';
import type { Streams } from '#core/stream/streams';
import type { Message, Run } from '#prisma/generated/client';
import { snapshotMessage, snapshotRun } from '../conversation.presenter.ts';
import { eventOf } from '../conversation-event.ts';
import { lockRoomOfRun } from '../room-lock.ts';
import { RUN_COLUMNS, reformMessage } from '../row.ts';
import type { RunErrorType, RunState } from '../run.type.ts';
import type { ClaimedRun } from './claim.ts';
import type { ModelReply } from './model-reply.ts';
import { sumUsage } from './usage.ts';

/** How a run ended. */
export interface Outcome {
  state: RunState.SUCCEEDED | RunState.FAILED | RunState.CANCELLED;
  error: RunErrorType | null;
}

const MESSAGE_STATUS = { SUCCEEDED: 'COMPLETE', FAILED: 'FAILED', CANCELLED: 'CANCELLED' } as const;

export interface FinishOptions {
  transactions: Transactions;
  streams: Streams;
}

/**
 * Ends a run: its final message, its state, the counts of its calls and the events that tell of it, in one transaction.
 * @returns false where the claim was taken over: then nothing was written.
 */
export async function finishRun(
  { run, reply }: ClaimedRun,
  said: ModelReply,
  { state, error }: Outcome,
  { transactions, streams }: FinishOptions,
): Promise<boolean> {
  return transactions.direct(async ({ tx, emit, afterCommit }) => {
    const now = new Date();
    if (!(await lockRoomOfRun(tx, run.id))) return false;
    if (!(await isHeld(tx, run))) return false;
    await recordCalls(run, said, tx);
    const usage = await totalUsage(run.id, tx);
    const [ended] = await tx.$queryRawUnsafe<Run[]>(END, run.id, state, now, jsonOf(error), jsonOf(usage));
    const message = await reformMessage(tx, reply.id, {
      status: MESSAGE_STATUS[state],
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
        state,
        code: error?.code ?? null,
      },
    });
    const room = { id: run.conversationId, orgId: run.orgId };
    const events = await streams.appendIn(tx, [
      eventOf(room, 'MessageCompleted', { message: snapshotMessage(message) }),
      eventOf(room, 'RunStateChanged', { run: snapshotRun(ended) }),
    ]);
    afterCommit(() => streams.publish(room.id, events));
    return true;
  });
}

/**
 * Also takes the run's claim off the stream: nothing more may be streamed in its name, and an absent producer is refused
 * like an outdated one.
 */
const END = `
  WITH producer AS (DELETE FROM stream_producers WHERE id = $1::uuid), room AS (
    UPDATE conversations SET last_activity_at = $3::timestamptz, updated_at = $3::timestamptz
    WHERE id = (SELECT conversation_id FROM runs WHERE id = $1::uuid))
  UPDATE runs SET state = $2::"RunState", finished_at = $3::timestamptz, error = $4::jsonb, usage = $5::jsonb, lease_until = NULL
  WHERE id = $1::uuid RETURNING ${RUN_COLUMNS}`;

async function isHeld(tx: RawTransaction, { id, fence }: Run): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM runs WHERE id = ${id}::uuid AND fence = ${fence} AND state = 'RUNNING' FOR NO KEY UPDATE`;
  return rows.length > 0;
}

/** Keeps the counts of an attempt that goes no further, so that what it cost is not forgotten. */
export async function recordCalls(run: Run, said: ModelReply, tx: RawTransaction): Promise<void> {
  for (const { model, outcome, usage, startedAt, finishedAt } of said.calls) {
    await tx.$executeRaw`
      INSERT INTO model_calls (id, org_id, run_id, attempt, model, outcome, usage, raw_usage, started_at, finished_at)
      VALUES (${newId()}::uuid, ${run.orgId}::uuid, ${run.id}::uuid, ${run.attempt}, ${model}, ${outcome},
              ${jsonOf(usage && withoutRaw(usage))}::jsonb, ${jsonOf(usage?.raw)}::jsonb,
              ${startedAt}::timestamptz, ${finishedAt}::timestamptz)`;
  }
}

const jsonOf = (value: unknown): string | null => (value == null ? null : JSON.stringify(value));

const withoutRaw = ({ raw: _raw, ...counts }: ModelUsage) => counts;

/** Of all attempts: each was paid for. */
async function totalUsage(runId: string, tx: RawTransaction) {
  const calls = await tx.$queryRaw<{ usage: ModelUsage | null }[]>`
    SELECT usage FROM model_calls WHERE run_id = ${runId}::uuid`;
  return sumUsage(calls.map(({ usage }) => usage));
}
