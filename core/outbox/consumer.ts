import type { ScopedUnit } from '#core/database/transaction';
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
