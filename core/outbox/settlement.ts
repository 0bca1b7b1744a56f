import type { OutboxTable } from './outbox-table.ts';

/**
 * What became of claimed events, on its way into the database: many at once, the next write beginning when the last one
 * has ended. What cannot be written is kept and written later.
 */
export class Settlement {
  private readonly delivered = new Set<string>();
  private readonly released = new Set<string>();
  private readonly failed = new Map<string, { retryInMs: number; reason: string }>();
  private writing: Promise<void> | undefined;

  constructor(
    private readonly table: OutboxTable,
    private readonly onError: (error: unknown) => void,
  ) {}

  settleDelivered(id: string): void {
    this.delivered.add(id);
    void this.write();
  }

  settleFailed(id: string, retryInMs: number, reason: string): void {
    this.failed.set(id, { retryInMs, reason });
    void this.write();
  }

  /** It was not tried. */
  settleReleased(id: string): void {
    this.released.add(id);
  }

  /** Writes what waits. Resolves when nothing waits any more or the database cannot be reached. */
  write(): Promise<void> {
    this.writing ??= this.writeAll().finally(() => {
      this.writing = undefined;
    });
    return this.writing;
  }

  private async writeAll(): Promise<void> {
    try {
      while (this.delivered.size + this.failed.size + this.released.size > 0) {
        await writeAndForget(this.delivered, (ids) => this.table.markDelivered(ids));
        await writeAndForget(this.released, (ids) => this.table.release(ids));
        for (const [id, { retryInMs, reason }] of this.failed) {
          await this.table.markFailed(id, retryInMs, reason);
          this.failed.delete(id);
        }
      }
    } catch (error) {
      this.onError(error);
    }
  }
}

async function writeAndForget(ids: Set<string>, write: (ids: string[]) => Promise<void>): Promise<void> {
  if (ids.size === 0) return;
  const batch = [...ids];
  await write(batch);
  for (const id of batch) ids.delete(id);
}
