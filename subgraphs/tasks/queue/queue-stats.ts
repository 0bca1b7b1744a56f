import type { Database } from '#core/database/database';
import { runInOrg } from '#core/database/tenant';
import type { Logger } from '#core/log';
import { LatestValue } from '#core/stream/latest-value';
import type { TaskQueueStatsType } from './queue.type.ts';
import type { QueueSignals } from './queue-signal.ts';

/** How far back durations are looked at, in minutes. */
const WINDOW_MINUTES = 15;

/** How often a subscriber is told of changes at most, and looked for those that nobody announces, in milliseconds. */
const TOLD_EVERY_MS = 500;
const LOOK_EVERY_MS = 3_000;

type Numbers = Record<'ready' | 'delayed' | 'held' | 'running' | 'awaiting' | 'dead' | 'oldestWaitMs', number>;
type Lately = Record<'finished' | 'failed', number> & Record<'wait50' | 'wait95' | 'run50' | 'run95', number | null>;

/** How queues stand. */
export class QueueStats {
  constructor(
    private readonly database: Database,
    private readonly signals: QueueSignals,
    private readonly log: Logger,
  ) {}

  /** Of several queues of the current organization, in their order. */
  async of(names: readonly string[]): Promise<TaskQueueStatsType[]> {
    const pool = this.database.scopedPool;
    const [now, lately] = await Promise.all([
      pool.query<Numbers & { queue: string }>(NOW, [names]),
      pool.query<Lately & { queue: string }>(LATELY, [names, WINDOW_MINUTES]),
    ]);
    return names.map((queue) => {
      const { queue: _n, ...numbers } = now.rows.find((row) => row.queue === queue) ?? { queue, ...NOTHING };
      const ended = lately.rows.find((row) => row.queue === queue);
      return {
        queue,
        ...numbers,
        finished: ended?.finished ?? 0,
        failed: ended?.failed ?? 0,
        waitMs: { p50: ended?.wait50 ?? null, p95: ended?.wait95 ?? null },
        runMs: { p50: ended?.run50 ?? null, p95: ended?.run95 ?? null },
      };
    });
  }

  /** As a queue stands now, then whenever that has changed. */
  async follow(orgId: string, queue: string): Promise<AsyncIterableIterator<TaskQueueStatsType>> {
    let leave: () => void = () => {};
    let last = '';
    let looking = false;
    let isDue = false;
    const values = new LatestValue<TaskQueueStatsType>(TOLD_EVERY_MS, () => {
      leave();
      clearInterval(timer);
    });
    const look = async (): Promise<void> => {
      isDue = true;
      if (looking) return;
      looking = true;
      try {
        while (isDue) {
          isDue = false;
          const [stats] = await runInOrg(orgId, () => this.of([queue]));
          // That time goes by is not told by itself.
          const told = JSON.stringify({ ...stats, oldestWaitMs: 0 });
          if (stats && told !== last) values.put(stats);
          last = told;
        }
      } catch (error) {
        this.log.debug({ err: error, queue }, 'how a queue stands could not be read');
      } finally {
        looking = false;
      }
    };
    const timer = setInterval(() => void look(), LOOK_EVERY_MS);
    timer.unref();
    leave = await this.signals.listen(orgId, () => void look());
    await look();
    return values;
  }
}

const NOTHING: Numbers = { ready: 0, delayed: 0, held: 0, running: 0, awaiting: 0, dead: 0, oldestWaitMs: 0 };

const NOW = `
  SELECT queue,
         (count(*) FILTER (WHERE state = 'QUEUED' AND run_after <= clock_timestamp()))::int AS ready,
         (count(*) FILTER (WHERE state = 'QUEUED' AND run_after > clock_timestamp()))::int AS delayed,
         (count(*) FILTER (WHERE state = 'HELD'))::int AS held,
         (count(*) FILTER (WHERE state = 'RUNNING'))::int AS running,
         (count(*) FILTER (WHERE state = 'AWAITING'))::int AS awaiting,
         (count(*) FILTER (WHERE state = 'DEAD'))::int AS dead,
         coalesce(extract(epoch FROM clock_timestamp() - min(run_after)
           FILTER (WHERE state = 'QUEUED' AND run_after <= clock_timestamp())) * 1000, 0)::bigint::float8 AS "oldestWaitMs"
  FROM task_jobs
  WHERE queue = ANY($1::text[]) AND state NOT IN ('SUCCEEDED', 'CANCELLED', 'SKIPPED')
  GROUP BY queue`;

/** Percentiles of attempts, over the rows of a group. */
export const DURATIONS = `
  percentile_cont(0.5) WITHIN GROUP (ORDER BY wait_ms)::int AS wait50,
  percentile_cont(0.95) WITHIN GROUP (ORDER BY wait_ms)::int AS wait95,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - started_at) * 1000)::bigint::float8 AS run50,
  percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - started_at) * 1000)::bigint::float8 AS run95`;

const LATELY = `
  SELECT queue, count(*)::int AS finished,
         (count(*) FILTER (WHERE state IN ('FAILED', 'TIMED_OUT', 'LOST')))::int AS failed, ${DURATIONS}
  FROM task_executions
  WHERE queue = ANY($1::text[]) AND finished_at > now() - make_interval(mins => $2::int)
  GROUP BY queue`;
