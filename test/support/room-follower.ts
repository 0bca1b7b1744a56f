import { setTimeout as sleep } from 'node:timers/promises';
import type { TestClient } from './client.ts';
import { isFinal, type RoomEvent, RoomReader } from './room-reader.ts';

/** Follows a room as a good client does: whenever the stream ends it comes again with the last cursor it has. */
export class RoomFollower {
  /** Everything that came, over all connections. */
  readonly events: RoomEvent[] = [];
  /** How often it had to come again. */
  returns = 0;
  private reader: RoomReader | null = null;
  private closed = false;
  private readonly following: Promise<void>;

  constructor(
    private readonly client: TestClient,
    readonly roomId: string,
    readonly start: string,
    private readonly fields?: string,
  ) {
    this.following = this.follow();
  }

  /** Resolves once an event fits, with that event; also one that came before. */
  async until(fits: (event: RoomEvent) => boolean, withinMs = 40_000): Promise<RoomEvent> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const found = this.events.find(fits);
      if (found) return found;
      if (Date.now() > deadline) {
        const seen = this.events.map(({ __typename, run }) => (run ? `${__typename}:${run.state}` : __typename));
        throw new Error(`No such event in room ${this.roomId}. Seen: ${seen.join(', ')}`);
      }
      await sleep(10);
    }
  }

  /** Resolves once so many runs have ended. */
  async untilFinal(runs = 1, withinMs = 40_000): Promise<RoomEvent[]> {
    await this.until(() => this.events.filter(isFinal).length >= runs, withinMs);
    return this.events.filter(isFinal);
  }

  get deltas(): number {
    return this.events.filter(({ __typename }) => __typename === 'MessageDelta').length;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.reader?.close();
    await this.following;
  }

  private async follow(): Promise<void> {
    for (; !this.closed; this.returns++) {
      const after = this.events.at(-1)?.cursor ?? this.start;
      const reader = new RoomReader(this.client, this.roomId, after, this.fields);
      this.reader = reader;
      reader.onEvent = (event) => this.events.push(event);
      if (this.closed) await reader.close();
      await reader.untilEnded(Number.POSITIVE_INFINITY);
      await reader.close();
      if (!this.closed) await sleep(100);
    }
  }
}
