import type pg from 'pg';

/** Streams trimmed in one statement: few enough that none is locked for long. */
const STREAMS_AT_ONCE = 200;

/**
 * Removes events that are older than `keepSeconds`, from the start of each stream, so that what is left has no hole.
 * Whoever resumes from before it is told of the gap. The streams are locked in the order in which writers lock them.
 * Returns how many events were removed.
 * @param topics Where given, no other streams.
 */
export async function trimStreams(
  pool: pg.Pool,
  keepSeconds: number,
  topics: readonly string[] | null = null,
): Promise<number> {
  let removed = 0;
  for (;;) {
    const { rows } = await pool.query<{ streams: number; events: number }>(
      `with old as (
         select topic, max(seq) as upto from stream_events
         where at < clock_timestamp() - make_interval(secs => $1) and ($3::uuid[] is null or topic = any($3)) group by topic order by topic limit $2
       ), held as materialized (
         select h.topic, old.upto from stream_heads h join old using (topic) order by h.topic for update of h
       ), heads as (
         update stream_heads h set kept_seq = greatest(h.kept_seq, held.upto + 1) from held where h.topic = held.topic
         returning h.topic
       ), gone as (
         delete from stream_events e using old where e.topic = old.topic and e.seq <= old.upto returning 1
       )
       select (select count(*)::int from old) as streams, (select count(*)::int from gone) as events`,
      [keepSeconds, STREAMS_AT_ONCE, topics],
    );
    removed += rows[0]?.events ?? 0;
    if ((rows[0]?.streams ?? 0) < STREAMS_AT_ONCE) return removed;
  }
}
