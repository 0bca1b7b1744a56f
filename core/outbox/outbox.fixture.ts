import pg from 'pg';
import { type Database, openDatabase } from '#core/database/database';
import { type ScopedUnit, Transactions } from '#core/database/transaction';
import { newId } from '#core/id';
import type { Logger } from '#core/log';
import { createSealer } from '#core/seal';
import type { EventConsumer } from './consumer.ts';
import type { OutboxEvent } from './event.ts';
import { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from './relay.ts';

/** What a consumer of the tests does to the world: a row in a table behind both walls. */
export async function createEffects(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('create table effects (org_id uuid not null default app_org(), event_id uuid, consumer text)');
  await client.query("select parley_protect('effects')");
  await client.end();
}

export async function leaveEffect(consumer: string, event: OutboxEvent, unit: ScopedUnit): Promise<void> {
  await unit.tx.$executeRaw`INSERT INTO effects (event_id, consumer) VALUES (${event.id}::uuid, ${consumer})`;
}

/** A consumer that leaves an effect of every event, after `before`. */
export const effectful = (name: string, before: (event: OutboxEvent) => Promise<void> | void = () => {}) =>
  ({
    name,
    types: '*',
    async consume(event, unit) {
      await leaveEffect(name, event, unit);
      await before(event);
    },
  }) satisfies EventConsumer;

export interface OutboxRow {
  id: string;
  attempts: number;
  delivered: boolean;
  last_error: string | null;
  /** Seconds until it is due. */
  due_in: number;
}

/** A process's view of one database, with an outbox that relays can be started on. */
export class Outbox {
  readonly transactions: Transactions;
  private readonly relays: OutboxRelay[] = [];

  private constructor(
    readonly database: Database,
    private readonly log: Logger,
  ) {
    const wakeAll = () => {
      for (const relay of this.relays) relay.wake();
    };
    this.transactions = new Transactions(database, createSealer(Buffer.alloc(32).toString('base64url')), wakeAll);
  }

  static async open(url: string, log: Logger): Promise<Outbox> {
    return new Outbox(await openDatabase({ url, log }), log);
  }

  /** A relay that has not been started. */
  relay(consumers: EventConsumer[], settings: Partial<OutboxRelayOptions> = {}): OutboxRelay {
    const { database, transactions, log } = this;
    const relay = createOutboxRelay({ database, transactions, consumers, log, instanceId: newId(), ...settings });
    this.relays.push(relay);
    return relay;
  }

  /** Emits an event in a transaction of its own. Returns its id. */
  async emit(orgId: string, type = 'test.happened'): Promise<string> {
    const id = newId();
    await this.transactions.system((unit) => unit.emit({ id, orgId, type, payload: { of: type } }));
    return id;
  }

  async rows(): Promise<OutboxRow[]> {
    const { rows } = await this.database.systemPool.query<OutboxRow>(
      `SELECT id, attempts, delivered_at IS NOT NULL AS delivered, last_error,
              extract(epoch FROM next_try_at - now())::float8 AS due_in
       FROM outbox_events ORDER BY created_at, id`,
    );
    return rows;
  }

  async areDelivered(): Promise<boolean> {
    return (await this.rows()).every(({ delivered }) => delivered);
  }

  /** How many effects each consumer has left of each event. */
  async effects(): Promise<Map<string, number>> {
    const { rows } = await this.database.systemPool.query<{ key: string; n: number }>(
      `SELECT consumer || ' ' || event_id AS key, count(*)::int AS n FROM effects GROUP BY 1`,
    );
    return new Map(rows.map(({ key, n }) => [key, n]));
  }

  async sql(text: string, values: unknown[] = []): Promise<void> {
    await this.database.systemPool.query(text, values);
  }

  async close(): Promise<void> {
    await Promise.all(this.relays.map((relay) => relay.close()));
    await this.database.close();
  }
}
