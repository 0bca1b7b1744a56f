import type { ChatApi } from './api.ts';

/** Tells the server how far a room has been read: one request at a time, with the newest place. */
export class ReadMark {
  private next: string | null = null;
  private isMoving = false;

  constructor(
    private readonly api: ChatApi,
    private readonly roomId: string,
  ) {}

  /** Everything up to this cursor is read. That it cannot be said harms nobody. */
  move(cursor: string): void {
    this.next = cursor;
    if (!this.isMoving) void this.tell().catch(() => {});
  }

  private async tell(): Promise<void> {
    this.isMoving = true;
    try {
      for (let cursor = this.next; cursor !== null; cursor = this.next) {
        this.next = null;
        await this.api.markRead(this.roomId, cursor);
      }
    } finally {
      this.isMoving = false;
    }
  }
}
