import type pg from 'pg';
import type { Bus } from '#core/bus/bus';
import { isConnectionFailure } from '#core/database/failure';
import type { Logger } from '#core/log';
import { type AppendedRow, appendStatement } from './append-statement.ts';
import { encodeBatch, FencedError, type StreamAppend, type StreamEvent, streamChannel } from './event.ts';

interface Waiting {
  append: StreamAppend;
  resolve(event: StreamEvent): void;
  reject(error: unknown): void;
}

export interface StreamWriterOptions {
  /** The pool that crosses organizations. */
  pool: pg.Pool;
  bus: Bus;
  log: Logger;
  /** Events in one statement at most. 2,000 keeps a flush in the low tens of milliseconds. */
  maxBatch?: number;
  /** How long a flush is tried again while the database cannot be reached, in milliseconds. */
  retryForMs?: number;
}

const RETRY_PAUSE_MS = 200;

/** PostgreSQL's codes for a statement that it broke off so that another could go on. */
const ROLLED_BACK = new Set(['40001', '40P01']);

const isRolledBack = (error: unknown): boolean => ROLLED_BACK.has(String((error as { code?: unknown } | null)?.code));

/**
 * Appends for a whole process: what comes while one commit is under way goes into the next, so that many streams
 * share a commit and a single one never waits for a timer. Commits, then publishes: nobody sees what is not durable.
 */
export class StreamWriter {
  private readonly queue: Waiting[] = [];
  private flushing = false;
  private idle: (() => void)[] = [];

  constructor(private readonly options: StreamWriterOptions) {}

  /**
   * Resolves once the event is durable and published.
   * @throws FencedError where the producer's claim has been taken over; the database's error where it stays away, and
   *   then for everything that the producer had appended meanwhile.
   */
  append(append: StreamAppend): Promise<StreamEvent> {
    return new Promise((resolve, reject) => {
      this.queue.push({ append, resolve, reject });
      if (!this.flushing) void this.flushAll();
    });
  }

  /** How many appends wait for their commit. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Resolves when everything appended so far is durable or refused. */
  async drain(): Promise<void> {
    if (!this.flushing && this.queue.length === 0) return;
    await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  /** Publishes events that another transaction has committed. */
  publish(topic: string, events: StreamEvent[]): void {
    if (events.length > 0) this.options.bus.publish(streamChannel(topic), encodeBatch({ topic, events }));
  }

  private async flushAll(): Promise<void> {
    this.flushing = true;
    while (this.queue.length > 0) {
      const batch = this.queue.splice(0, this.options.maxBatch ?? 2_000);
      try {
        this.settle(batch, await this.writeWithRetry(batch));
      } catch (error) {
        this.options.log.error({ err: error, events: batch.length }, 'a flush of the stream log failed');
        for (const { reject } of [...batch, ...this.takeFollowing(batch)]) reject(error);
      }
    }
    this.flushing = false;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  /** What the producers of a batch that failed have appended since: without what came before it would leave a hole. */
  private takeFollowing(failed: readonly Waiting[]): Waiting[] {
    const producers = new Set(failed.flatMap(({ append }) => append.producer?.id ?? []));
    const follows = ({ append }: Waiting) => append.producer !== undefined && producers.has(append.producer.id);
    const following = this.queue.filter(follows);
    const others = this.queue.filter((waiting) => !follows(waiting));
    this.queue.splice(0, this.queue.length, ...others);
    return following;
  }

  private async writeWithRetry(batch: Waiting[]): Promise<AppendedRow[]> {
    const deadline = Date.now() + (this.options.retryForMs ?? 20_000);
    const appends = batch.map((waiting) => waiting.append);
    for (;;) {
      try {
        const { rows } = await this.options.pool.query<AppendedRow>(appendStatement(appends));
        return rows;
      } catch (error) {
        // These say for sure that nothing was written; to repeat after a connection that was lost could double.
        const nothingWritten = isConnectionFailure(error, 'before-sending') || isRolledBack(error);
        if (!nothingWritten || Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
  }

  private settle(batch: Waiting[], rows: AppendedRow[]): void {
    const written = new Map(rows.map((row) => [row.index, row]));
    const byTopic = new Map<string, StreamEvent[]>();
    const outcomes = batch.map(({ append }, index) => {
      const row = written.get(index);
      if (!row) return null;
      const event = { seq: row.seq, type: append.type, payload: append.payload, at: row.at };
      const events = byTopic.get(append.topic);
      if (events) events.push(event);
      else byTopic.set(append.topic, [event]);
      return event;
    });
    for (const [topic, events] of byTopic) this.publish(topic, events);
    for (const [index, waiting] of batch.entries()) {
      const event = outcomes[index];
      if (event) waiting.resolve(event);
      else waiting.reject(new FencedError(waiting.append.topic));
    }
  }
}
