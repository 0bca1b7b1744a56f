import { runInOrg } from '#core/database/tenant';
import type { Transactions } from '#core/database/transaction';
import { errorFields, summarizeError } from '#core/job/error-summary';
import type { Logger } from '#core/log';
import type { EventConsumer } from './consumer.ts';
import type { OutboxEvent } from './event.ts';
import type { ClaimedEvent } from './outbox-table.ts';

/** With why and by whom it was not consumed, if there was anyone. */
export type DeliveryResult = { end: 'delivered' } | { end: 'failed'; reason: string };

export interface DeliveryOptions {
  transactions: Transactions;
  consumers: readonly EventConsumer[];
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

  private consumersOf({ type }: OutboxEvent): EventConsumer[] {
    return this.options.consumers.filter(({ types }) => types === '*' || types.includes(type));
  }

  /** That the event was consumed is written first: whoever comes second waits here, and then has nothing to do. */
  private consume(consumer: EventConsumer, event: OutboxEvent): Promise<void> {
    return runInOrg(event.orgId, () =>
      this.options.transactions.scoped(async (unit) => {
        const isFirst = await unit.tx.$executeRaw`
          INSERT INTO consumed_events (event_id, consumer, org_id)
          VALUES (${event.id}::uuid, ${consumer.name}, ${event.orgId}::uuid) ON CONFLICT DO NOTHING`;
        if (isFirst === 1) await consumer.consume(event, unit);
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
