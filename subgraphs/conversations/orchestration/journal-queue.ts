import type { Budget } from '#core/budget/budget.port';
import type { Transactions } from '#core/database/transaction';
import { FencedError } from '#core/stream/event';
import type { Streams } from '#core/stream/streams';
import type { Run } from '#prisma/generated/client';
import { persist } from '../run/persist.ts';
import { holdsRun } from './held-run.ts';
import { type JournalEntry, writeEntries } from './journal-write.ts';

export interface JournalQueueOptions {
  transactions: Transactions;
  streams: Streams;
  budget: Budget;
}

interface Waiting {
  entry: JournalEntry;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Writes the entries of a run's log in order, many in one transaction while one is under way, each under the run's fencing
 * token.
 */
export class JournalQueue {
  private readonly queue: Waiting[] = [];
  private flushing: Promise<void> | null = null;
  private closed = false;
  private failure: unknown = null;
  private count: number;

  constructor(
    private readonly run: Run,
    private readonly options: JournalQueueOptions,
    /** Called once when entries can no longer be written. */
    private readonly onRefused: (error: unknown) => void,
  ) {
    this.count = run.journalCount;
  }

  /** Writes nothing more. @returns what was not written yet */
  async close(): Promise<JournalEntry[]> {
    this.closed = true;
    await this.flushing;
    if (this.failure !== null) throw this.failure;
    return this.queue.splice(0).map(({ entry }) => entry);
  }

  /** Resolves once the entry is stored and shown. */
  write(entry: JournalEntry): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.queue.push({ entry, resolve, reject });
      this.schedule();
    });
  }

  /** Not at once: what ends the run is written with its end, in the transaction that follows from here. */
  private schedule(): void {
    if (this.flushing) return;
    this.flushing = new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.flush());
  }

  private async flush(): Promise<void> {
    while (this.queue.length > 0 && !this.closed && this.failure === null) {
      const batch = this.queue.splice(0);
      try {
        const count = this.count + 1;
        await persist(() =>
          this.commit(
            batch.map(({ entry }) => entry),
            count,
          ),
        );
        this.count = count;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.failure = error;
        this.onRefused(error);
        for (const { reject } of [...batch, ...this.queue.splice(0)]) reject(error);
      }
    }
    this.flushing = null;
  }

  /** Where the answer to a commit was lost, the count in the run's row says that it took place. */
  private commit(entries: JournalEntry[], count: number): Promise<void> {
    const { run, options } = this;
    return options.transactions.direct(async (unit) => {
      if (!(await holdsRun(run, unit))) throw new FencedError(run.conversationId);
      const counted = await unit.tx.$executeRaw`
        UPDATE runs SET journal_count = ${count} WHERE id = ${run.id}::uuid AND journal_count = ${count - 1}`;
      if (counted === 0) return;
      const events = await options.streams.appendIn(unit.tx, await writeEntries(run, entries, unit, options.budget));
      unit.afterCommit(() => options.streams.publish(run.conversationId, events));
    });
  }
}
