import type { Bus } from '#core/bus/bus';
import { runInOrg } from '#core/database/tenant';
import type { Transactions } from '#core/database/transaction';
import { newId } from '#core/id';
import type { Streams } from '#core/stream/streams';
import type { LiveSession } from '#prisma/generated/client';
import type { RunErrorType, UsageType } from '../run.type.ts';
import { readOpenWords, SESSION_COLUMNS } from './live-claim.ts';
import { liveEventOf } from './live-event.ts';
import { announceLook } from './live-mailbox.ts';
import { spokenTurn, storeSpokenTurn } from './live-messages.ts';
import { readProgress, wordsOf } from './live-progress.ts';
import { LiveEndReason } from './live-session.type.ts';

export interface EndOptions {
  transactions: Transactions;
  streams: Streams;
  bus: Bus;
}

/**
 * Ends a session, whoever holds it: that one can write nothing more. What the open turn had so far becomes messages.
 * @param fence Where given, only the claim with it may end the session.
 * @returns the session as it ended, or null where it had ended before, is held by another claim, or its room is gone.
 */
export async function endSession(
  { id, orgId, conversationId }: Pick<LiveSession, 'id' | 'orgId' | 'conversationId'>,
  { reason, error = null, fence = null }: { reason: LiveEndReason; error?: RunErrorType | null; fence?: number | null },
  { transactions, streams, bus }: EndOptions,
): Promise<LiveSession | null> {
  const state = reason === LiveEndReason.UPSTREAM_FAILED ? 'FAILED' : 'ENDED';
  return runInOrg(orgId, () =>
    transactions.direct(async ({ tx, emit, afterCommit }) => {
      await tx.$queryRaw`SELECT 1 FROM conversations WHERE id = ${conversationId}::uuid FOR NO KEY UPDATE`;
      const errorJson = error && JSON.stringify(error);
      const [session] = await tx.$queryRawUnsafe<LiveSession[]>(END, id, state, reason, errorJson, fence);
      if (!session) return null;
      // Waits for what is under way in the name of the claim: nothing comes after it.
      await tx.$executeRaw`DELETE FROM stream_producers WHERE id = ${id}::uuid`;
      const progress = readProgress(session, await readOpenWords(tx, session));
      const words = progress.isOpen ? wordsOf(progress) : { user: '', model: '' };
      const spoken = spokenTurn(session, words, true);
      await emit({
        id: newId(),
        orgId,
        type: 'live_session.ended',
        payload: { liveSessionId: id, conversationId, userId: session.userId, agentId: session.agentId, reason },
      });
      const totalUsage = session.usage as unknown as UsageType | null;
      const events = await streams.appendIn(tx, [
        ...spoken.appends,
        liveEventOf(session, 'LiveSessionEnded', { reason, error, totalUsage }),
      ]);
      const places = [events[0], events[spoken.user ? 1 : 0]].flatMap((event) => event ?? []);
      await storeSpokenTurn(tx, session, spoken, places);
      afterCommit(() => {
        streams.publish(conversationId, events.slice(0, -1));
        streams.publish(id, events.slice(-1));
        announceLook(bus, id);
      });
      return session;
    }),
  );
}

const END = `
  UPDATE live_sessions SET state = $2::"LiveSessionState", end_reason = $3, error = $4::jsonb, ended_at = clock_timestamp(),
    lease_until = NULL, handle = NULL, uncovered = '[]'
  WHERE id = $1::uuid AND state IN ('STARTING', 'ACTIVE') AND ($5::int IS NULL OR fence = $5::int)
  RETURNING ${SESSION_COLUMNS}`;
