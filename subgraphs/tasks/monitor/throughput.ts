import type { Database } from '#core/database/database';
import { badInput } from '#core/error';
import type { TaskThroughputFilter, TaskThroughputType } from '../queue/queue.type.ts';
import { DURATIONS } from '../queue/queue-stats.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const MAX_BUCKETS = 200;

interface Row {
  from: Date;
  kind: string;
  succeeded: number;
  failed: number;
  wait50: number | null;
  wait95: number | null;
  run50: number | null;
  run95: number | null;
}

/** How much is done, and how well. */
export class Throughput {
  constructor(private readonly database: Database) {}

  /**
   * What was done of each kind of work, span by span, the oldest first; a span in which nothing ended is left out.
   * @throws ParleyError `BAD_USER_INPUT`
   */
  async read(filter: TaskThroughputFilter): Promise<TaskThroughputType[]> {
    const until = filter.until ?? new Date();
    const from = filter.from ?? new Date(until.getTime() - DAY_MS);
    const bucketMinutes = filter.bucketMinutes ?? 60;
    if (bucketMinutes < 1) throw badInput('filter.bucketMinutes', 'It must be at least 1.');
    const bucketMs = bucketMinutes * MINUTE_MS;
    const spanMs = until.getTime() - from.getTime();
    if (spanMs <= 0) throw badInput('filter.until', 'It must be behind `from`.');
    if (spanMs / bucketMs > MAX_BUCKETS)
      throw badInput('filter.bucketMinutes', `At most ${MAX_BUCKETS} spans: make them longer.`);
    const { rows } = await this.database.scopedPool.query<Row>(READ, [
      from,
      until,
      bucketMinutes,
      filter.queue ?? null,
    ]);
    return rows.map(({ from, kind, succeeded, failed, wait50, wait95, run50, run95 }) => ({
      from,
      until: new Date(from.getTime() + bucketMs),
      kind,
      succeeded,
      failed,
      failureRate: succeeded + failed === 0 ? 0 : failed / (succeeded + failed),
      waitMs: { p50: wait50, p95: wait95 },
      runMs: { p50: run50, p95: run95 },
    }));
  }
}

const READ = `
  SELECT date_bin(make_interval(mins => $3::int), finished_at, $1::timestamptz) AS from, kind,
         (count(*) FILTER (WHERE state = 'SUCCEEDED'))::int AS succeeded,
         (count(*) FILTER (WHERE state IN ('FAILED', 'TIMED_OUT', 'LOST')))::int AS failed, ${DURATIONS}
  FROM task_executions
  WHERE finished_at >= $1::timestamptz AND finished_at < $2::timestamptz AND ($4::text IS NULL OR queue = $4::text)
  GROUP BY 1, 2 ORDER BY 1, 2`;
