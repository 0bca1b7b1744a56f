import { deserialize, serialize } from 'node:v8';
import { actorOf } from '#core/outbox/actor';
import type { OutboxEventInput } from '#core/outbox/event';
import { currentRequest, type IdempotencyContext } from '#core/request-context';
import type { Sealer } from '#core/seal';
import type { Prisma } from '#prisma/generated/client';
import type { Database } from './database.ts';
import { runDirectly } from './direct-transaction.ts';
import type { ScopedTransaction } from './scoped-client.ts';
import { requireOrgId } from './tenant.ts';

/** One unit of work: everything written through it happens, or none of it. */
export interface Unit<Tx> {
  readonly tx: Tx;
  /** Writes an event with the change that it tells of; the relay hands it to its consumers after the commit. */
  emit(event: OutboxEventInput): Promise<void>;
  /** Runs after a commit, never after a rollback. Its errors must not matter: the change is done. */
  afterCommit(action: () => void): void;
}

export type ScopedUnit = Unit<ScopedTransaction>;
export type SystemUnit = Unit<Prisma.TransactionClient>;

/** What a transaction must be able to do for the kernel's own statements, whichever client it comes from. */
export type RawTransaction = Pick<Prisma.TransactionClient, '$queryRaw' | '$executeRaw' | '$queryRawUnsafe'>;

/**
 * The only way to write. Where the request carries an idempotency key, the result of each transaction is kept with its
 * effect: repeated, it returns the first result and does nothing, also after a crash in between.
 */
export class Transactions {
  constructor(
    private readonly database: Database,
    private readonly sealer: Sealer,
    /** Called after each commit that emitted an event. */
    private readonly onEmitted: () => void,
  ) {}

  /** Inside the organization of the current request or job. */
  async scoped<T>(work: (unit: ScopedUnit) => Promise<T>): Promise<T> {
    return this.run((body) => this.database.scoped.$transaction(body), work);
  }

  /** The same past the ORM, for the paths that every message takes. */
  async direct<T>(work: (unit: Unit<RawTransaction>) => Promise<T>): Promise<T> {
    requireOrgId();
    return this.run((body) => runDirectly(this.database.scopedPool, body), work);
  }

  /** Across organizations. Every row written names its organization itself. */
  async system<T>(work: (unit: SystemUnit) => Promise<T>): Promise<T> {
    return this.run((body) => this.database.system.$transaction(body), work);
  }

  private async run<Tx extends RawTransaction, T>(
    begin: (body: (tx: Tx) => Promise<T>) => Promise<T>,
    work: (unit: Unit<Tx>) => Promise<T>,
  ): Promise<T> {
    const idempotency = currentRequest()?.idempotency ?? null;
    const ordinal = idempotency ? idempotency.transactions++ : 0;
    const afterCommit: (() => void)[] = [];
    const result = await begin(async (tx) => {
      const unit = this.unit(tx, afterCommit);
      if (!idempotency) return work(unit);
      const earlier = await this.claimEffect(tx, idempotency, ordinal);
      if (earlier) return this.unpack<T>(earlier);
      const made = await work(unit);
      await this.keepEffect(tx, idempotency, ordinal, made);
      return made;
    });
    for (const action of afterCommit) action();
    return result;
  }

  private unit<Tx extends RawTransaction>(tx: Tx, afterCommit: (() => void)[]): Unit<Tx> {
    return {
      tx,
      emit: async ({ id, orgId, type, payload, ...event }) => {
        const actor = actorOf(orgId, event.actor);
        await tx.$executeRaw`
          INSERT INTO outbox_events (id, org_id, type, payload, actor)
          VALUES (${id}::uuid, ${orgId}::uuid, ${type}, ${JSON.stringify(payload)}::jsonb,
                  ${actor ? JSON.stringify(actor) : null}::jsonb)`;
        if (!afterCommit.includes(this.onEmitted)) afterCommit.push(this.onEmitted);
      },
      afterCommit: (action) => {
        afterCommit.push(action);
      },
    };
  }

  /** Waits for a transaction that holds the same claim to end. Returns its sealed result if it committed. */
  private async claimEffect(tx: RawTransaction, key: IdempotencyContext, ordinal: number): Promise<Uint8Array | null> {
    const claimed = await tx.$executeRaw`
      INSERT INTO idempotent_effects (request_key, field, ordinal, result)
      VALUES (${key.requestKey}, ${key.operation}, ${ordinal}, ''::bytea) ON CONFLICT DO NOTHING`;
    if (claimed === 1) return null;
    const rows = await tx.$queryRaw<{ result: Uint8Array }[]>`
      SELECT result FROM idempotent_effects
      WHERE request_key = ${key.requestKey} AND field = ${key.operation} AND ordinal = ${ordinal}`;
    return rows[0]?.result ?? null;
  }

  private async keepEffect(tx: RawTransaction, key: IdempotencyContext, ordinal: number, made: unknown): Promise<void> {
    const sealed = this.sealer.seal(serialize(made), 'idempotency');
    await tx.$executeRaw`
      UPDATE idempotent_effects SET result = ${sealed}
      WHERE request_key = ${key.requestKey} AND field = ${key.operation} AND ordinal = ${ordinal}`;
  }

  private unpack<T>(sealed: Uint8Array): T {
    return deserialize(this.sealer.open(sealed, 'idempotency')) as T;
  }
}
