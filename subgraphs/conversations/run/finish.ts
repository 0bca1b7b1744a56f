import type { Transactions } from '#core/database/transaction';
import { newId } from '#core/id';
import type { Streams } from '#core/stream/streams';
import { Prisma } from '#prisma/generated/client';
import { snapshotMessage, snapshotRun } from '../conversation.presenter.ts';
import { eventOf } from '../conversation-event.ts';
import type { MessageStatus } from '../message.type.ts';
import { lockRoomOfRun } from '../room-lock.ts';
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

const json = (value: unknown) => (value === null ? Prisma.DbNull : (value as Prisma.InputJsonValue));

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
  return transactions.scoped(async ({ tx, emit, afterCommit }) => {
    const now = new Date();
    if (!(await lockRoomOfRun(tx, run.id))) return false;
    const held = await tx.run.updateMany({
      where: { id: run.id, fence: run.fence, state: 'RUNNING' },
      data: { state, finishedAt: now, error: json(error), leaseUntil: null },
    });
    if (held.count === 0) return false;
    await recordCalls(run, said, tx);
    // From here on nothing more may be streamed in its name, and an absent producer is refused like an outdated one.
    await tx.streamProducer.deleteMany({ where: { id: run.id } });
    const ended = await tx.run.update({ where: { id: run.id }, data: { usage: json(await totalUsage(run.id, tx)) } });
    const message = await tx.message.update({
      where: { id: reply.id },
      data: {
        status: MESSAGE_STATUS[state] as MessageStatus,
        text: said.text,
        parts: said.parts as unknown as Prisma.InputJsonValue,
        completedAt: now,
      },
    });
    await tx.conversation.update({ where: { id: run.conversationId }, data: { lastActivityAt: now } });
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

type Tx = Parameters<Parameters<Transactions['scoped']>[0]>[0]['tx'];

/** Keeps the counts of an attempt that goes no further, so that what it cost is not forgotten. */
export async function recordCalls(run: ClaimedRun['run'], said: ModelReply, tx: Tx): Promise<void> {
  if (said.calls.length === 0) return;
  await tx.modelCall.createMany({
    data: said.calls.map(({ model, outcome, usage, startedAt, finishedAt }) => ({
      runId: run.id,
      attempt: run.attempt,
      model,
      outcome,
      usage: usage ? (withoutRaw(usage) as unknown as Prisma.InputJsonValue) : Prisma.DbNull,
      rawUsage: usage ? (usage.raw as Prisma.InputJsonValue) : Prisma.DbNull,
      startedAt,
      finishedAt,
    })),
  });
}

const withoutRaw = ({ raw: _raw, ...counts }: NonNullable<ModelReply['calls'][number]['usage']>) => counts;

/** Of all attempts: each was paid for. */
async function totalUsage(runId: string, tx: Tx) {
  const calls = await tx.modelCall.findMany({ where: { runId }, select: { usage: true } });
  return sumUsage(calls.map(({ usage }) => usage as unknown as Parameters<typeof sumUsage>[0][number]));
}
