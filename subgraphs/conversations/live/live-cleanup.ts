import type { Database } from '#core/database/database';
import { runInOrg } from '#core/database/tenant';
import type { RawTransaction, Transactions } from '#core/database/transaction';
import { trimStreams } from '#core/stream/retention';
import type { Streams } from '#core/stream/streams';

/** How long the stream of a session is kept after its end, in seconds: long enough to come back to it. */
const KEPT_AFTER_END = 600;
/** How far back an open one reaches, in seconds: an hour of speech is hundreds of megabytes. */
const KEPT_WHILE_OPEN = 300;
const AT_ONCE = 50;

export interface CleanupOptions {
  database: Database;
  transactions: Transactions;
  streams: Streams;
}

/** Removes the streams of sessions that ended a while ago. What was said stays, as messages of the room. */
export async function removeStreams({ database, transactions, streams }: CleanupOptions): Promise<void> {
  const { rows } = await database.systemPool.query<{ id: string; orgId: string }>(
    `select id::text, org_id::text as "orgId" from live_sessions
     where stream_removed_at is null and ended_at < clock_timestamp() - make_interval(secs => $1)
     order by ended_at limit ${AT_ONCE}`,
    [KEPT_AFTER_END],
  );
  for (const { id, orgId } of rows) {
    await runInOrg(orgId, () =>
      transactions.direct(async ({ tx, afterCommit }) => {
        await tx.$executeRaw`UPDATE live_sessions SET stream_removed_at = clock_timestamp() WHERE id = ${id}::uuid`;
        await streams.remove(tx, id, [id]);
        afterCommit(() => streams.announceRemoval(id));
      }),
    );
  }
}

/** Shortens the streams of open sessions: whoever follows them is minutes behind at most. */
export async function trimOpenStreams({ systemPool }: Database): Promise<void> {
  const { rows } = await systemPool.query<{ id: string }>(
    `select id::text from live_sessions where state in ('STARTING', 'ACTIVE')
       and started_at < clock_timestamp() - make_interval(secs => $1)`,
    [KEPT_WHILE_OPEN],
  );
  if (rows.length > 0)
    await trimStreams(
      systemPool,
      KEPT_WHILE_OPEN,
      rows.map(({ id }) => id),
    );
}

/** Removes what a room that is being deleted has of live sessions beside its rows. @returns their ids. */
export async function removeLiveStreams(tx: RawTransaction, streams: Streams, roomId: string): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM live_sessions WHERE conversation_id = ${roomId}::uuid ORDER BY id FOR UPDATE`;
  for (const { id } of rows) await streams.remove(tx, id, [id]);
  return rows.map(({ id }) => id);
}
