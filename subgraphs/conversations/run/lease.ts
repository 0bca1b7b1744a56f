import type { Database } from '#core/database/database';
import type { Logger } from '#core/log';
import { LEASE_SECONDS } from './claim.ts';

interface Renewed {
  cancelled: boolean;
}

/**
 * Renews the claim on a run while it is worked on, and learns from its row whether to stop. While the database is away
 * it goes on trying: what counts is the fencing token, which every write is checked against.
 */
export class Lease {
  private readonly timer: NodeJS.Timeout;
  private renewing = false;

  constructor(
    private readonly database: Database,
    private readonly run: { id: string; fence: number },
    private readonly stop: (reason: 'CANCELLED' | 'FENCED') => void,
    private readonly log: Logger,
  ) {
    this.timer = setInterval(() => void this.renew(), (LEASE_SECONDS * 1000) / 3);
  }

  /** Looks at the run's row now. */
  async renew(): Promise<void> {
    if (this.renewing) return;
    this.renewing = true;
    try {
      const { rows } = await this.database.systemPool.query<Renewed>(
        `update runs set lease_until = clock_timestamp() + make_interval(secs => $3)
         where id = $1 and fence = $2 and state = 'RUNNING'
         returning cancel_requested_at is not null as cancelled`,
        [this.run.id, this.run.fence, LEASE_SECONDS],
      );
      if (!rows[0]) this.stop('FENCED');
      else if (rows[0].cancelled) this.stop('CANCELLED');
    } catch (error) {
      this.log.warn({ err: error, runId: this.run.id }, 'the claim on a run could not be renewed');
    } finally {
      this.renewing = false;
    }
  }

  end(): void {
    clearInterval(this.timer);
  }
}
