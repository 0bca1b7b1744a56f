import type pg from 'pg';
import type { StreamEvent } from './event.ts';

/** Where a stream stands: its newest event and the oldest one that is still kept. */
export interface StreamExtent {
  lastSeq: number;
  keptSeq: number;
}

/** Rows in one page of a replay: about 100 kB of deltas. */
export const REPLAY_PAGE = 500;
/** What their payloads may hold together, in bytes, beyond which a page ends early: messages can be long. */
export const REPLAY_PAGE_BYTES = 512 * 1024;

/** The extent of one stream, or null where it has no event yet. */
export async function readExtent(pool: pg.Pool, topic: string): Promise<StreamExtent | null> {
  const { rows } = await pool.query<StreamExtent>({
    name: 'stream-extent',
    text: 'select last_seq::float8 as "lastSeq", kept_seq::float8 as "keptSeq" from stream_heads where topic = $1',
    values: [topic],
  });
  return rows[0] ?? null;
}

/** The newest `seq` of each of many streams. */
export async function readHeads(pool: pg.Pool, topics: string[]): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ topic: string; seq: number }>({
    name: 'stream-heads',
    text: 'select topic::text, last_seq::float8 as seq from stream_heads where topic = any($1::uuid[])',
    values: [topics],
  });
  return new Map(rows.map((row) => [row.topic, row.seq]));
}

/** The next events after `after`, oldest first, a page at most; at least one where there is any. */
export async function readAfter(
  pool: pg.Pool,
  topic: string,
  after: number,
  limit = REPLAY_PAGE,
): Promise<StreamEvent[]> {
  const { rows } = await pool.query<StreamEvent>({
    name: 'stream-after',
    text: `select seq, type, payload, at from (
             select seq::float8 as seq, type, payload, at,
                    sum(octet_length(payload)) over (order by seq) - octet_length(payload) as before
             from (select * from stream_events where topic = $1 and seq > $2 order by seq limit $3) page
           ) measured where before < $4 order by seq`,
    values: [topic, after, limit, REPLAY_PAGE_BYTES],
  });
  return rows;
}
