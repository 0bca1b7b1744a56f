import type pg from 'pg';
import type { EventActor, OutboxEvent } from './event.ts';
import { GIVEN_UP_AFTER, HOURLY_MS } from './retry.ts';

/** An event that this process has taken to deliver, for as long as its lease runs. */
export interface ClaimedEvent {
  event: OutboxEvent;
  /** Which attempt at its delivery this is: 1 for the first. */
  attempt: number;
  /** Names of the consumers that have had it in an earlier attempt. */
  consumed: readonly string[];
}

interface ClaimedRow {
  id: string;
  org_id: string;
  type: string;
  payload: Record<string, unknown>;
  actor: EventActor | null;
  created_at: Date;
  attempts: number;
  consumed: string[];
}

/**
 * Attempts are counted when they begin, so that an event that kills the process is found out too. A lease is nothing but
 * a later next try. The millisecond stands for the rounding of what was written just now.
 */
const CLAIM = `
WITH due AS (
  SELECT id FROM outbox_events
  WHERE delivered_at IS NULL AND next_try_at <= now() + interval '1 ms'
  ORDER BY next_try_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE outbox_events o SET
  attempts = o.attempts + 1,
  next_try_at = now() + (CASE WHEN o.attempts >= $3 THEN $4::float8 ELSE $2::float8 END) * interval '1 ms'
FROM due WHERE o.id = due.id
RETURNING o.id, o.org_id, o.type, o.payload, o.actor, o.created_at, o.attempts,
  CASE WHEN o.attempts > 1 THEN ARRAY(SELECT c.consumer FROM consumed_events c WHERE c.event_id = o.id)
       ELSE '{}' END AS consumed`;

const PURGE = `
WITH old AS (
  SELECT id FROM outbox_events
  WHERE created_at < now() - $1::float8 * interval '1 ms' AND delivered_at < now() - $1::float8 * interval '1 ms'
  LIMIT $2 FOR UPDATE SKIP LOCKED
), forgotten AS (
  DELETE FROM consumed_events c USING old WHERE c.event_id = old.id
)
DELETE FROM outbox_events o USING old WHERE o.id = old.id`;

/** What the relay does with the outbox, across organizations. */
export class OutboxTable {
  constructor(
    private readonly pool: pg.Pool,
    private readonly leaseMs: number,
  ) {}

  /** Takes up to `limit` events that are due, oldest first, and that no other relay has. */
  async claim(limit: number): Promise<ClaimedEvent[]> {
    const { rows } = await this.pool.query<ClaimedRow>({
      name: 'outbox-claim',
      text: CLAIM,
      values: [limit, this.leaseMs, GIVEN_UP_AFTER, HOURLY_MS],
    });
    return rows.map(toClaimed).sort(byAge);
  }

  async markDelivered(ids: readonly string[]): Promise<void> {
    await this.pool.query(
      `UPDATE outbox_events SET delivered_at = now(), last_error = NULL
       WHERE id = ANY($1::uuid[]) AND delivered_at IS NULL`,
      [ids],
    );
  }

  async markFailed(id: string, retryInMs: number, reason: string): Promise<void> {
    await this.pool.query(
      `UPDATE outbox_events SET next_try_at = now() + $2::float8 * interval '1 ms', last_error = $3
       WHERE id = $1::uuid AND delivered_at IS NULL`,
      [id, retryInMs, reason],
    );
  }

  /** Gives back what was claimed and not tried, as if it had not been claimed. */
  async release(ids: readonly string[]): Promise<void> {
    await this.pool.query(
      `UPDATE outbox_events SET next_try_at = now(), attempts = greatest(attempts - 1, 0)
       WHERE id = ANY($1::uuid[]) AND delivered_at IS NULL`,
      [ids],
    );
  }

  /** Ends all leases, also those of other processes: for a process that knows that it is the only one. */
  async resetLeases(): Promise<number> {
    const { rowCount } = await this.pool.query(
      `UPDATE outbox_events SET next_try_at = now()
       WHERE delivered_at IS NULL AND next_try_at > now() AND next_try_at <= now() + $1::float8 * interval '1 ms'`,
      [this.leaseMs],
    );
    return rowCount ?? 0;
  }

  /**
   * Deletes up to `limit` events delivered longer ago than `retentionMs`, with the record of who consumed them, which must
   * not go earlier: an undelivered event would happen again. Returns how many events went.
   */
  async purge(retentionMs: number, limit: number): Promise<number> {
    const { rowCount } = await this.pool.query(PURGE, [retentionMs, limit]);
    return rowCount ?? 0;
  }
}

const toClaimed = (row: ClaimedRow): ClaimedEvent => ({
  event: {
    id: row.id,
    orgId: row.org_id,
    type: row.type,
    payload: row.payload,
    createdAt: row.created_at,
    ...(row.actor && { actor: row.actor }),
  },
  attempt: row.attempts,
  consumed: row.consumed,
});

const byAge = ({ event: a }: ClaimedEvent, { event: b }: ClaimedEvent): number =>
  a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1);
