import { newId } from '#core/id';
import type { Message, Run, RunWait } from '#prisma/generated/client';
import { snapshotRun } from '../conversation.presenter.ts';
import { eventOf } from '../conversation-event.ts';
import { holdsRun } from '../orchestration/held-run.ts';
import { type JournalEntry, writeEntries } from '../orchestration/journal-write.ts';
import { RUN_COLUMNS, reformMessage } from '../row.ts';
import { ACTIVE_MS } from './active-time.ts';
import type { ClaimedRun } from './claim.ts';
import type { FinishOptions } from './finish.ts';
import type { ModelReply } from './model-reply.ts';

/** Where the work stood when it had to wait. */
export interface Pause {
  waitsFor: RunWait;
  /** What was not stored yet of its steps. */
  entries: readonly JournalEntry[];
  said: ModelReply;
  deltaCount: number;
  /** The approvals that this worker knows to be undecided. */
  undecided: readonly string[];
}

/**
 * Lets go of a run that waits for a person or a budget. Where somebody has decided in the meantime it goes on at once.
 * @returns Whether it goes on; null where the claim was taken over.
 */
export async function pauseRun(
  { run, reply }: ClaimedRun,
  { waitsFor, entries, said, deltaCount, undecided }: Pause,
  { transactions, streams, budget }: FinishOptions,
): Promise<boolean | null> {
  return transactions.direct(async (unit) => {
    const { tx, emit, afterCommit } = unit;
    const held = await holdsRun(run, unit);
    if (!held) return null;
    const shown = await writeEntries(run, entries, unit, budget);
    const [pending] = await tx.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM approvals WHERE id = ANY(${undecided}::uuid[]) AND state = 'PENDING'`;
    // One that was cancelled meanwhile waits for nobody: whoever takes it next ends it.
    const goesOn = held.isCancelled || (pending?.count ?? 0) < undecided.length;
    await reformMessage(tx, reply.id, {
      status: 'STREAMING',
      text: said.text,
      parts: said.parts as unknown as Message['parts'],
      completedAt: null,
    });
    const [paused] = await tx.$queryRawUnsafe<Run[]>(
      PAUSE,
      run.id,
      goesOn ? 'QUEUED' : 'WAITING',
      goesOn ? null : waitsFor,
      deltaCount,
    );
    if (!paused) throw new Error('A run that is held has lost its row.');
    if (!goesOn) {
      await emit({
        id: newId(),
        orgId: run.orgId,
        type: 'run.waiting',
        payload: { runId: run.id, conversationId: run.conversationId, for: waitsFor },
      });
    }
    const room = { id: run.conversationId, orgId: run.orgId };
    const events = await streams.appendIn(tx, [
      ...shown,
      eventOf(room, 'RunStateChanged', { run: snapshotRun(paused) }),
    ]);
    afterCommit(() => streams.publish(room.id, events));
    return goesOn;
  });
}

const PAUSE = `
  UPDATE runs SET state = $2::"RunState", waiting_for = $3::"RunWait", lease_until = NULL, resuming = true,
                  active_ms = ${ACTIVE_MS}, active_since = NULL, delta_count = $4::int, queued_at = clock_timestamp()
  WHERE id = $1::uuid RETURNING ${RUN_COLUMNS}`;
