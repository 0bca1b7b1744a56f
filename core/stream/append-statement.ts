import type { StreamAppend } from './event.ts';

/**
 * Appends any number of events to any number of streams in one statement, in the order given, and returns the `seq` of
 * each by its place in the input; one whose producer has been fenced is left out.
 *
 * `fences` takes share locks first, so that a claim either waits for this commit or is seen by it; heads are locked in
 * the order of their topics, so that two writers cannot deadlock.
 */
const TEXT = `
WITH input AS (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::int[])
    WITH ORDINALITY AS t(topic, org_id, type, payload, producer, epoch, n)
), fences AS MATERIALIZED (
  SELECT id, epoch FROM stream_producers WHERE id = ANY($5::uuid[]) ORDER BY id FOR SHARE
), admitted AS MATERIALIZED (
  SELECT i.*, row_number() OVER (PARTITION BY i.topic ORDER BY i.n) AS place
  FROM input i LEFT JOIN fences f ON f.id = i.producer
  WHERE i.producer IS NULL OR i.epoch = f.epoch
), counts AS (
  SELECT topic, org_id, count(*) AS added FROM admitted GROUP BY topic, org_id ORDER BY topic
), heads AS (
  INSERT INTO stream_heads AS h (topic, org_id, last_seq)
  SELECT topic, org_id, added FROM counts ORDER BY topic
  ON CONFLICT (topic) DO UPDATE SET last_seq = h.last_seq + excluded.last_seq
  RETURNING topic, last_seq
), written AS (
  INSERT INTO stream_events (topic, seq, org_id, type, payload, at)
  SELECT a.topic, h.last_seq - c.added + a.place, a.org_id, a.type, a.payload, clock_timestamp()
  FROM admitted a JOIN counts c USING (topic) JOIN heads h USING (topic)
  RETURNING topic, seq, at
)
SELECT a.n::int - 1 AS index, w.seq::float8 AS seq, w.at
FROM admitted a JOIN counts c USING (topic) JOIN heads h USING (topic)
JOIN written w ON w.topic = a.topic AND w.seq = h.last_seq - c.added + a.place
ORDER BY a.n`;

/** One row a written event: its place in the input, its `seq` and its time. */
export interface AppendedRow {
  index: number;
  seq: number;
  at: Date;
}

/** The statement with its values, for `pg`. */
export function appendStatement(appends: readonly StreamAppend[]): { name: string; text: string; values: unknown[][] } {
  return {
    name: 'stream-append',
    text: TEXT,
    values: [
      appends.map((append) => append.topic),
      appends.map((append) => append.orgId),
      appends.map((append) => append.type),
      appends.map((append) => append.payload),
      appends.map((append) => append.producer?.id ?? null),
      appends.map((append) => append.producer?.epoch ?? null),
    ],
  };
}
