import type { Database } from '#core/database/database';
import type { Logger } from '#core/log';
import { LEASE_SECONDS } from './claim.ts';

/** Why the work on a job has to stop. `FENCED`: it belongs to another worker, and nothing may be written. */
export type StopReason = 'CANCELLED' | 'FENCED' | 'TIMED_OUT' | 'SHUTDOWN';

interface Held {
  fence: number;
  stop(reason: StopReason): void;
}

interface Renewed {
  id: string;
  cancelled: boolean;
}

/**
 * Renews the claims of this process on its jobs, all in one statement, and learns from their rows whether to stop. While the
 * database is away it goes on trying: what counts is the fencing token.
 */
export class Leases {
  private readonly held = new Map<string, Held>();
  private timer: NodeJS.Timeout | undefined;
  private renewing = false;

  constructor(
    private readonly database: Database,
    private readonly log: Logger,
  ) {}

  /** The function returned lets go. */
  hold(job: { id: string; fence: number }, stop: (reason: StopReason) => void): () => void {
    const held = { fence: job.fence, stop };
    this.held.set(job.id, held);
    this.timer ??= setInterval(() => void this.renew(), (LEASE_SECONDS * 1_000) / 3);
    return () => {
      if (this.held.get(job.id) === held) this.held.delete(job.id);
      if (this.held.size > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  }

  /** Looks at the rows now: something was cancelled, perhaps. */
  async renew(): Promise<void> {
    if (this.renewing || this.held.size === 0) return;
    this.renewing = true;
    const asked = [...this.held];
    try {
      const { rows } = await this.database.systemPool.query<Renewed>(RENEW, [
        asked.map(([id]) => id),
        asked.map(([, { fence }]) => fence),
        LEASE_SECONDS,
      ]);
      const renewed = new Map(rows.map((row) => [row.id, row]));
      for (const [id, { stop }] of asked) {
        const row = renewed.get(id);
        if (!row) stop('FENCED');
        else if (row.cancelled) stop('CANCELLED');
      }
    } catch (error) {
      this.log.warn({ err: error }, 'the claims on jobs of tasks could not be renewed');
    } finally {
      this.renewing = false;
    }
  }
}

const RENEW = `
  UPDATE task_jobs j SET lease_until = clock_timestamp() + make_interval(secs => $3)
  FROM unnest($1::uuid[], $2::int[]) AS held(id, fence), tasks t
  WHERE j.id = held.id AND j.fence = held.fence AND j.state = 'RUNNING' AND t.id = j.task_id
  RETURNING j.id::text, t.cancel_requested_at IS NOT NULL AS cancelled`;
