import type { Database } from '#core/database/database';
import type { Transactions } from '#core/database/transaction';
import type { Streams } from '#core/stream/streams';
import type { Message, Run } from '#prisma/generated/client';
import { snapshotMessage, snapshotRun } from '../conversation.presenter.ts';
import { eventOf } from '../conversation-event.ts';
import { lockRoomOfRun } from '../room-lock.ts';
import { insertMessage, type MessageForm, RUN_COLUMNS, readMessage, reformMessage } from '../row.ts';
import { ACTIVE_MS } from './active-time.ts';

/** How long a worker may be silent before another takes its run, in seconds. Renewed every third of it. */
export const LEASE_SECONDS = 9;

/** A run in the hands of this worker; `resumed` where it goes on behind a pause. What it writes carries `run.fence`, and is refused once that is outdated. */
export interface ClaimedRun {
  run: Run;
  reply: Message;
  resumed: boolean;
}

export interface ClaimOptions {
  database: Database;
  transactions: Transactions;
  streams: Streams;
  /** This process. */
  workerId: string;
}

/**
 * Takes a run that nobody holds and that is first in its room. The attempt begins, and is announced, in the same
 * transaction: whoever reads the stream knows that what an earlier attempt streamed is void.
 * @returns null where there is nothing to take: it is held, has ended, or waits for an earlier one.
 */
export async function claimRun(
  runId: string,
  { transactions, streams, workerId }: ClaimOptions,
): Promise<ClaimedRun | null> {
  return transactions.direct(async (unit) => {
    const locked = await lockRoomOfRun(unit.tx, runId);
    if (!locked) return null;
    const [run] = await unit.tx.$queryRawUnsafe<Run[]>(CLAIM, runId, workerId, LEASE_SECONDS);
    if (!run) return null;
    await streams.fence(unit.tx, { id: run.id, orgId: run.orgId, epoch: run.fence });

    const room = { id: run.conversationId, orgId: run.orgId };
    const begins = eventOf(room, 'RunStateChanged', { run: snapshotRun(run) });
    if (locked.resuming) {
      const reply = await readMessage(unit.tx, run.replyMessageId);
      if (!reply) return null;
      const events = await streams.appendIn(unit.tx, [begins]);
      unit.afterCommit(() => streams.publish(room.id, events));
      return { run, reply, resumed: true };
    }
    const restarted = run.attempt > 1 ? await reformMessage(unit.tx, run.replyMessageId, BLANK) : null;
    const reply = restarted ?? newReply(run);
    const begun = restarted
      ? eventOf(room, 'MessageRestarted', { messageId: reply.id, runId: run.id, attempt: run.attempt })
      : eventOf(room, 'MessageAdded', { message: snapshotMessage(reply) });
    const events = await streams.appendIn(unit.tx, [begins, begun]);
    if (!restarted) {
      reply.position = BigInt(events[1]?.seq ?? 0);
      await insertMessage(unit.tx, reply);
    }
    unit.afterCommit(() => streams.publish(room.id, events));
    return { run, reply, resumed: false };
  });
}

/** The run waits or its worker is gone, and no other of its room is ahead of it. */
const CLAIM = `
  UPDATE runs r
  SET state = 'RUNNING', attempt = attempt + (NOT resuming)::int, fence = fence + 1, worker_id = $2::uuid,
      lease_until = clock_timestamp() + make_interval(secs => $3::int),
      started_at = coalesce(started_at, clock_timestamp()), resuming = false, waiting_for = NULL,
      active_ms = ${ACTIVE_MS}, active_since = clock_timestamp()
  WHERE r.id = $1::uuid AND r.state IN ('QUEUED', 'RUNNING')
    AND (r.lease_until IS NULL OR r.lease_until < clock_timestamp())
    AND NOT EXISTS (
      SELECT 1 FROM runs e
      WHERE e.conversation_id = r.conversation_id AND e.id <> r.id
        AND (e.state IN ('RUNNING', 'WAITING') OR e.state = 'QUEUED' AND e.id < r.id))
  RETURNING ${RUN_COLUMNS}`;

const BLANK: MessageForm = { status: 'STREAMING', text: '', parts: [], completedAt: null };

const newReply = (run: Run): Message => ({
  id: run.replyMessageId,
  orgId: run.orgId,
  conversationId: run.conversationId,
  position: 0n,
  authorKind: 'AGENT',
  authorId: run.agentId,
  status: 'STREAMING',
  text: '',
  parts: [],
  runId: run.id,
  branchId: run.branchId,
  isShown: true,
  createdAt: new Date(),
  completedAt: null,
});
