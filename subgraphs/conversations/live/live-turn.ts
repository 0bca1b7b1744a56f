import type { Transactions } from '#core/database/transaction';
import { newId } from '#core/id';
import type { LiveTurn } from '#core/model/live-link';
import type { ModelUsage } from '#core/model/model.port';
import type { Streams } from '#core/stream/streams';
import type { LiveSession } from '#prisma/generated/client';
import { countTokens } from '../budget/limit-statement.ts';
import { lockRoom } from '../room-lock.ts';
import { sumUsage } from '../run/usage.ts';
import type { UsageType } from '../run.type.ts';
import { holdSession } from './live-claim.ts';
import { liveEventOf } from './live-event.ts';
import { sentEventOf, spokenTurn, storeSpokenTurn } from './live-messages.ts';

export interface LiveWriterOptions {
  transactions: Transactions;
  streams: Streams;
}

export interface EndedTurn {
  number: number;
  words: LiveTurn;
  interrupted: boolean;
  /** The newest input that it settled; null where it settled none. */
  settled: number | null;
  audioIndex: number;
  /** From where on the stream is needed to go on. */
  keepFrom: number;
}

/**
 * Ends a turn: its words as messages of the room, where the session stands now, and the events of both, in one
 * transaction.
 * @returns false where the session was taken over or has ended.
 */
export async function completeTurn(
  session: LiveSession,
  turn: EndedTurn,
  { transactions, streams }: LiveWriterOptions,
): Promise<boolean> {
  return transactions.direct(async ({ tx, emit, afterCommit }) => {
    await lockRoom(tx, session.conversationId);
    if (!(await holdSession(tx, session))) return false;
    const spoken = spokenTurn(session, turn.words, turn.interrupted);
    if (spoken.user) await emit(sentEventOf(session, spoken.user));
    const events = await streams.appendIn(tx, [
      ...spoken.appends,
      liveEventOf(session, 'LiveTurnCompleted', {
        turn: turn.number,
        interrupted: turn.interrupted,
        userMessageId: spoken.user?.id ?? null,
        agentMessageId: spoken.agent?.id ?? null,
      }),
    ]);
    const places = [events[0], events[spoken.user ? 1 : 0]].flatMap((event) => event ?? []);
    await storeSpokenTurn(tx, session, spoken, places);
    const told = turn.words.user || turn.words.model ? JSON.stringify([turn.words]) : '[]';
    await tx.$executeRaw`
      UPDATE live_sessions SET turn = ${turn.number}, audio_index = ${turn.audioIndex},
        settled_sequence = greatest(settled_sequence, coalesce(${turn.settled}::int, 0)),
        checkpoint_seq = ${turn.keepFrom - 1}::bigint, uncovered = uncovered || ${told}::jsonb
      WHERE id = ${session.id}::uuid`;
    afterCommit(() => {
      streams.publish(session.conversationId, events.slice(0, -1));
      streams.publish(session.id, events.slice(-1));
    });
    return true;
  });
}

/** Keeps what the provider counted, and adds it up. @returns false as `completeTurn` does. */
export async function recordLiveUsage(
  session: LiveSession,
  turn: number,
  { raw, ...counts }: ModelUsage,
  { transactions, streams }: LiveWriterOptions,
): Promise<boolean> {
  return transactions.direct(async ({ tx, afterCommit }) => {
    if (!(await holdSession(tx, session))) return false;
    await countTokens(tx, session, counts.totalTokens);
    await tx.$executeRaw`
      INSERT INTO live_calls (id, org_id, session_id, turn, model, usage, raw_usage)
      VALUES (${newId()}::uuid, ${session.orgId}::uuid, ${session.id}::uuid, ${turn}, ${session.model},
              ${JSON.stringify(counts)}::jsonb, ${JSON.stringify(raw)}::jsonb)`;
    const calls = await tx.$queryRaw<{ usage: ModelUsage }[]>`
      SELECT usage FROM live_calls WHERE session_id = ${session.id}::uuid`;
    const sum = sumUsage(calls.map(({ usage }) => usage));
    await tx.$executeRaw`
      UPDATE live_sessions SET usage = ${JSON.stringify(sum)}::jsonb WHERE id = ${session.id}::uuid`;
    const usage = sumUsage([{ ...counts, raw }]) as UsageType;
    const events = await streams.appendIn(tx, [liveEventOf(session, 'LiveUsage', { turn, usage })]);
    afterCommit(() => streams.publish(session.id, events));
    return true;
  });
}
