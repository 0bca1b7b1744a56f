import type { Database } from '#core/database/database';
import type { Transactions } from '#core/database/transaction';
import { newId } from '#core/id';
import type { JobContext } from '#core/job/job';
import { trimStreams } from '#core/stream/retention';
import type { RoomWriter } from '../room-writer.ts';

/** Messages and runs of a room that go in one transaction: few enough that nobody waits for it. */
const BATCH = 500;
const ROOMS_AT_ONCE = 200;
const TOPICS_AT_ONCE = 1_000;
const SECONDS_A_DAY = 24 * 3_600;

export interface ApplyRetentionOptions {
  database: Database;
  transactions: Transactions;
  rooms: RoomWriter;
  /** Removes the files that no message has any more. */
  sweepFiles(): Promise<void>;
}

/**
 * Removes what the organization of the current work keeps no longer: batch by batch, so that it can be put down at any
 * moment and taken up again. What an answer is still being worked on for stays until that has ended.
 */
export async function applyRetention(
  orgId: string,
  { database, transactions, rooms, sweepFiles }: ApplyRetentionOptions,
  { signal }: Pick<JobContext, 'signal'>,
): Promise<void> {
  const policy = await database.scoped.retentionPolicy.findFirst();
  if (!policy?.messagesDays) return;
  const before = new Date(Date.now() - policy.messagesDays * SECONDS_A_DAY * 1_000);
  let [messages, runs] = [0, 0];
  for (;;) {
    const found = await database.scopedPool.query<{ id: string }>(ROOMS, [before, ROOMS_AT_ONCE]);
    for (const { id } of found.rows) {
      signal.throwIfAborted();
      const removed = await rooms.write({ id, orgId }, async ({ tx }) => {
        const [gone] = await tx.$queryRawUnsafe<Removed[]>(REMOVE, id, before, BATCH);
        await tx.$executeRaw`DELETE FROM context_summaries WHERE conversation_id = ${id}::uuid AND covers_from < ${before}`;
        return { made: gone ?? { messages: 0, runs: 0 }, appends: [] };
      });
      messages += removed.messages;
      runs += removed.runs;
    }
    if (found.rows.length === 0) break;
  }
  if (messages > 0) await sweepFiles();
  const events = await trimRooms(database, policy.messagesDays * SECONDS_A_DAY);
  if (messages + runs + events === 0) return;
  const payload = { before: before.toISOString(), messages, runs, events };
  await transactions.scoped((unit) => unit.emit({ id: newId(), orgId, type: 'retention.applied', payload }));
}

/** Of all streams of the organization, page by page. */
async function trimRooms({ scopedPool, systemPool }: Database, keepSeconds: number): Promise<number> {
  let removed = 0;
  for (let after: string | null = null; ; ) {
    const { rows }: { rows: { topic: string }[] } = await scopedPool.query<{ topic: string }>(TOPICS, [
      after,
      TOPICS_AT_ONCE,
    ]);
    const topics = rows.map(({ topic }) => topic);
    after = topics.at(-1) ?? null;
    if (after === null) return removed;
    removed += await trimStreams(systemPool, keepSeconds, topics);
  }
}

const TOPICS = `
  SELECT topic::text FROM stream_heads WHERE $1::uuid IS NULL OR topic > $1::uuid ORDER BY topic LIMIT $2::int`;

interface Removed {
  messages: number;
  runs: number;
}

/** A run that has ended; whatever belongs to one that has not stays. */
const ENDED = `r.state NOT IN ('QUEUED', 'RUNNING', 'WAITING')`;
const UNFINISHED_OF = `SELECT 1 FROM runs r WHERE r.conversation_id = m.conversation_id AND NOT (${ENDED})
  AND (r.id = m.run_id OR r.trigger_message_id = m.id OR r.reply_message_id = m.id)`;

const ROOMS = `
  SELECT DISTINCT id FROM (
    (SELECT m.conversation_id::text AS id FROM messages m
     WHERE m.created_at < $1 AND NOT EXISTS (${UNFINISHED_OF}) LIMIT $2::int)
    UNION ALL
    (SELECT r.conversation_id::text AS id FROM runs r WHERE r.queued_at < $1 AND ${ENDED} LIMIT $2::int)
  ) old`;

const REMOVE = `
  WITH old AS (
    SELECT m.id FROM messages m WHERE m.conversation_id = $1::uuid AND m.created_at < $2::timestamptz
      AND NOT EXISTS (${UNFINISHED_OF}) ORDER BY m.position LIMIT $3::int
  ), gone AS (DELETE FROM messages m USING old WHERE m.id = old.id RETURNING 1),
  fileless AS (DELETE FROM attachment_uses u USING old WHERE u.conversation_id = $1::uuid AND u.message_id = old.id),
  ended AS (
    SELECT r.id FROM runs r WHERE r.conversation_id = $1::uuid AND r.queued_at < $2::timestamptz AND ${ENDED}
    ORDER BY r.id LIMIT $3::int
  ), over AS (DELETE FROM runs r USING ended WHERE r.id = ended.id RETURNING 1)
  SELECT (SELECT count(*)::int FROM gone) AS messages, (SELECT count(*)::int FROM over) AS runs`;
