import type { Database } from '#core/database/database';
import type { Transactions } from '#core/database/transaction';
import type { Streams } from '#core/stream/streams';
import type { Message, Run } from '#prisma/generated/client';
import { snapshotMessage, snapshotRun } from '../conversation.presenter.ts';
import { eventOf } from '../conversation-event.ts';
import { lockRoomOfRun } from '../room-lock.ts';

/** How long a worker may be silent before another takes its run, in seconds. Renewed every third of it. */
export const LEASE_SECONDS = 9;

/** A run in the hands of this worker. What it writes carries `run.fence`, and is refused once that is outdated. */
export interface ClaimedRun {
  run: Run;
  reply: Message;
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
  return transactions.scoped(async (unit) => {
    if (!(await lockRoomOfRun(unit.tx, runId))) return null;
    const claimed = await unit.tx.$queryRaw<{ id: string }[]>`
      UPDATE runs r
      SET state = 'RUNNING', attempt = attempt + 1, fence = fence + 1, worker_id = ${workerId}::uuid,
          lease_until = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS}),
          started_at = coalesce(started_at, clock_timestamp())
      WHERE r.id = ${runId}::uuid AND r.state IN ('QUEUED', 'RUNNING')
        AND (r.lease_until IS NULL OR r.lease_until < clock_timestamp())
        AND NOT EXISTS (
          SELECT 1 FROM runs e
          WHERE e.conversation_id = r.conversation_id AND e.id <> r.id
            AND (e.state IN ('RUNNING', 'WAITING') OR e.state = 'QUEUED' AND e.id < r.id))
      RETURNING r.id`;
    if (claimed.length === 0) return null;
    const run = await unit.tx.run.findFirstOrThrow({ where: { id: runId } });
    await streams.fence(unit.tx, { id: run.id, orgId: run.orgId, epoch: run.fence });

    const room = { id: run.conversationId, orgId: run.orgId };
    const existing = await unit.tx.message.findFirst({ where: { id: run.replyMessageId } });
    const draft = existing
      ? await unit.tx.message.update({ where: { id: existing.id }, data: { text: '', parts: [], status: 'STREAMING' } })
      : newReply(run);
    const begun = existing
      ? eventOf(room, 'MessageRestarted', { messageId: draft.id, runId: run.id, attempt: run.attempt })
      : eventOf(room, 'MessageAdded', { message: snapshotMessage(draft) });
    const events = await streams.appendIn(unit.tx, [
      eventOf(room, 'RunStateChanged', { run: snapshotRun(run) }),
      begun,
    ]);
    const position = BigInt(events[1]?.seq ?? 0);
    const reply = existing ? draft : await unit.tx.message.create({ data: { ...draft, parts: [], position } });
    unit.afterCommit(() => streams.publish(room.id, events));
    return { run, reply };
  });
}

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
  createdAt: new Date(),
  completedAt: null,
});
