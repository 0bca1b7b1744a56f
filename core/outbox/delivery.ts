import { runInOrg } from '#core/database/tenant';
import type { RawTransaction, Transactions, Unit } from '#core/database/transaction';
import { errorFields, summarizeError } from '#core/job/error-summary';
import type { Logger } from '#core/log';
import type { AnyConsumer } from './consumer.ts';
import type { OutboxEvent } from './event.ts';
import type { ClaimedEvent } from './outbox-table.ts';

/** With why and by whom it was not consumed, if there was anyone. */
export type DeliveryResult = { end: 'delivered' } | { end: 'failed'; reason: string };

export interface DeliveryOptions {
  transactions: Transactions;
  consumers: readonly AnyConsumer[];
  log: Logger;
  /** How long a consumer may take, in milliseconds. */
  timeoutMs: number;
}

/** Hands events to those who consume their type, each of them in a transaction of its own. */
export class Delivery {
  constructor(private readonly options: DeliveryOptions) {
    const names = options.consumers.map((consumer) => consumer.name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice) throw new Error(`Two consumers of events are called ${twice}.`);
  }

  /** One consumer's failure keeps no other from the event. */
  async deliver({ event, attempt, consumed }: ClaimedEvent): Promise<DeliveryResult> {
    const reasons: string[] = [];
    for (const consumer of this.consumersOf(event)) {
      if (consumed.includes(consumer.name)) continue;
      try {
        await this.withinTime(this.consume(consumer, event));
      } catch (error) {
        const fields = { consumer: consumer.name, event: event.id, type: event.type, attempt, ...errorFields(error) };
        this.options.log.warn(fields, 'a consumer failed at an event');
        reasons.push(`${consumer.name}: ${summarizeError(error)}`);
      }
    }
    return reasons.length > 0 ? { end: 'failed', reason: reasons.join('; ').slice(0, 2_000) } : { end: 'delivered' };
  }

  private consumersOf({ type }: OutboxEvent): AnyConsumer[] {
    return this.options.consumers.filter(({ types }) => types === '*' || types.includes(type));
  }

  /** That the event was consumed is written first: whoever comes second waits here, and then has nothing to do. */
  private consume(consumer: AnyConsumer, event: OutboxEvent): Promise<void> {
    const { transactions } = this.options;
    return runInOrg(event.orgId, () =>
      'direct' in consumer
        ? transactions.direct(async (unit) => {
            if (await isFirst(consumer, event, unit)) await consumer.consume(event, unit);
          })
        : transactions.scoped(async (unit) => {
            if (await isFirst(consumer, event, unit)) await consumer.consume(event, unit);
          }),
    );
  }

  private async withinTime(work: Promise<void>): Promise<void> {
    const { timeoutMs } = this.options;
    let timer: NodeJS.Timeout | undefined;
    work.catch(() => {});
    try {
      await Promise.race([
        work,
        new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(new Error(`It took longer than ${timeoutMs} ms.`)), timeoutMs);
        }),
      ]);
    } finally {
      clearTimeout(timer);
    }
  }
}

async function isFirst(
  { name }: AnyConsumer,
  event: OutboxEvent,
  { tx }: Pick<Unit<RawTransaction>, 'tx'>,
): Promise<boolean> {
  const noted = await tx.$executeRaw`
    INSERT INTO consumed_events (event_id, consumer, org_id)
    VALUES (${event.id}::uuid, ${name}, ${event.orgId}::uuid) ON CONFLICT DO NOTHING`;
  return noted === 1;
}
