import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '#core/database/database';
import type { Transactions } from '#core/database/transaction';
import { errorFields, summarizeError } from '#core/job/error-summary';
import type { Logger } from '#core/log';
import type { AnyConsumer } from './consumer.ts';
import { Delivery } from './delivery.ts';
import { type ClaimedEvent, OutboxTable } from './outbox-table.ts';
import { GIVEN_UP_AFTER, retryDelay } from './retry.ts';
import { Settlement } from './settlement.ts';

export interface OutboxRelayOptions {
  database: Pick<Database, 'systemPool'>;
  transactions: Transactions;
  consumers: readonly AnyConsumer[];
  log: Logger;
  /** This process, in its log lines. */
  instanceId: string;
  /** How many events are delivered at once. Each takes a connection for work inside organizations. Default 4. */
  concurrency?: number;
  /** How often to look without having been woken, in milliseconds, give or take a third. Default 1,500. */
  pollMs?: number;
  /** How long other relays leave alone what this one has claimed, in milliseconds. Default 30,000. */
  leaseMs?: number;
  /** How long a consumer may take for an event, in milliseconds. Default 20,000: less than the lease. */
  timeoutMs?: number;
  /** How long delivered events are kept, in milliseconds. Default seven days. */
  retentionMs?: number;
  /** How often old events are looked for, in milliseconds, give or take a third. Default ten minutes. */
  purgeMs?: number;
}

/** Brings the events of the outbox to their consumers. Any number of relays share the work. */
export interface OutboxRelay {
  start(): void;
  /** There are new events, perhaps. Cheap; may be called after each commit. */
  wake(): void;
  /**
   * Makes the events that a crash left claimed due at once. Only for a process that knows that it is the only one, before
   * `start()`. Returns how many there were.
   */
  resetLeases(): Promise<number>;
  /** Takes no more events and waits for those in hand, for ten seconds at most; the rest goes to other relays. */
  close(): Promise<void>;
}

/** How many events are claimed at a time, for each one that is delivered at once. */
const CLAIMED_PER_SLOT = 8;

const PURGED_AT_ONCE = 500;
const LONGEST_CLOSE_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

const jittered = (ms: number): number => ms * (2 / 3 + (Math.random() * 2) / 3);

export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  const { database, transactions, consumers, leaseMs = 30_000, timeoutMs = 20_000 } = options;
  const log = options.log.child({ relay: options.instanceId });
  const table = new OutboxTable(database.systemPool, leaseMs);
  const delivery = new Delivery({ transactions, consumers, log, timeoutMs });
  return new Relay(table, delivery, {
    log,
    leaseMs,
    concurrency: options.concurrency ?? 4,
    pollMs: options.pollMs ?? 1_500,
    retentionMs: options.retentionMs ?? 7 * 24 * 3_600_000,
    purgeMs: options.purgeMs ?? 600_000,
  });
}

interface Settings {
  log: Logger;
  leaseMs: number;
  concurrency: number;
  pollMs: number;
  retentionMs: number;
  purgeMs: number;
}

class Relay implements OutboxRelay {
  private readonly settlement: Settlement;
  private readonly inHand = new Set<Promise<void>>();
  private readonly closing = new AbortController();
  private loops: Promise<unknown> | undefined;
  private woken = false;
  private onWake: (() => void) | undefined;
  private databaseIsAway = false;

  constructor(
    private readonly table: OutboxTable,
    private readonly delivery: Delivery,
    private readonly settings: Settings,
  ) {
    this.settlement = new Settlement(table, (error) => this.complain(error));
  }

  start(): void {
    this.loops ??= Promise.all([this.relay(), this.purge()]);
  }

  /** Only tells the loop, which runs in the context that it was started in: the caller's request stays out of it. */
  wake(): void {
    this.woken = true;
    this.onWake?.();
  }

  resetLeases(): Promise<number> {
    return this.table.resetLeases();
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.wake();
    const over = new AbortController();
    const done = async () => {
      await this.loops;
      await Promise.all(this.inHand);
      await this.settlement.write();
    };
    await Promise.race([done(), sleep(LONGEST_CLOSE_MS, undefined, { signal: over.signal }).catch(() => undefined)]);
    over.abort();
  }

  private async relay(): Promise<void> {
    const limit = this.settings.concurrency * CLAIMED_PER_SLOT;
    let pause = FIRST_PAUSE_MS;
    while (!this.closing.signal.aborted) {
      this.woken = false;
      let wait = jittered(this.settings.pollMs);
      try {
        // What is claimed and cannot begin is kept from other relays.
        while (this.isFull()) await Promise.race(this.inHand);
        const claimed = await this.table.claim(limit);
        this.databaseIsAway = false;
        pause = FIRST_PAUSE_MS;
        await this.deliverAll(claimed);
        if (claimed.length === limit) wait = 0;
      } catch (error) {
        this.complain(error);
        wait = pause;
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
      await this.settlement.write();
      if (wait > 0) await this.wokenWithin(wait);
    }
  }

  /** Returns once the last one has begun, or was given back because those in hand take too long. */
  private async deliverAll(claimed: ClaimedEvent[]): Promise<void> {
    const over = new AbortController();
    const stale = sleep(this.settings.leaseMs / 2, true, { signal: over.signal }).catch(() => false);
    let isStale = false;
    for (const each of claimed) {
      while (!isStale && this.isFull()) isStale = (await Promise.race([stale, ...this.inHand])) === true;
      if (isStale || this.closing.signal.aborted) {
        this.settlement.settleReleased(each.event.id);
        continue;
      }
      const work: Promise<void> = this.deliver(each).finally(() => this.inHand.delete(work));
      this.inHand.add(work);
    }
    over.abort();
  }

  private isFull(): boolean {
    return this.inHand.size >= this.settings.concurrency;
  }

  private async deliver(claimed: ClaimedEvent): Promise<void> {
    const { event, attempt } = claimed;
    const result = await this.delivery.deliver(claimed);
    if (result.end === 'delivered') return this.settlement.settleDelivered(event.id);
    if (attempt >= GIVEN_UP_AFTER) {
      const fields = { event: event.id, type: event.type, orgId: event.orgId, attempt, reason: result.reason };
      this.settings.log.error(fields, 'an event could not be delivered; it is tried once an hour');
    }
    this.settlement.settleFailed(event.id, retryDelay(attempt), result.reason);
  }

  private async purge(): Promise<void> {
    const { signal } = this.closing;
    const { retentionMs, purgeMs, log } = this.settings;
    while (!signal.aborted) {
      await sleep(jittered(purgeMs), undefined, { signal, ref: false }).catch(() => undefined);
      try {
        while (!signal.aborted && (await this.table.purge(retentionMs, PURGED_AT_ONCE)) === PURGED_AT_ONCE);
      } catch (error) {
        log.debug({ reason: summarizeError(error) }, 'old events were not deleted; the next time they will be');
      }
    }
  }

  /** Resolves when woken, at the latest after `ms`. */
  private async wokenWithin(ms: number): Promise<void> {
    if (this.woken) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.onWake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.onWake = undefined;
  }

  /** Once for each time that the database is away. */
  private complain(error: unknown): void {
    if (this.databaseIsAway) return;
    this.databaseIsAway = true;
    this.settings.log.warn(errorFields(error), 'the outbox cannot be reached; trying again until it can');
  }
}
