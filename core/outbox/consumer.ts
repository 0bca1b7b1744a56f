import type { RawTransaction, ScopedUnit, Unit } from '#core/database/transaction';
import type { OutboxEvent } from './event.ts';

/**
 * Reacts to events. Each event reaches each consumer at least once; what the consumer writes through `unit` happens
 * exactly once, since that it has consumed the event is part of the same transaction.
 */
export interface EventConsumer {
  /** Unique and lasting: it is recorded with every consumed event. */
  name: string;
  /** Event types, or `*`. */
  types: readonly string[] | '*';
  /** Runs inside the event's organization. What it throws is tried again, later and later. */
  consume(event: OutboxEvent, unit: ScopedUnit): Promise<void>;
}

/** The same past the ORM, for what every event takes. */
export interface DirectConsumer extends Omit<EventConsumer, 'consume'> {
  direct: true;
  consume(event: OutboxEvent, unit: Unit<RawTransaction>): Promise<void>;
}

export type AnyConsumer = EventConsumer | DirectConsumer;
