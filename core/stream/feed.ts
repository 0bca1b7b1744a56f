import type pg from 'pg';
import type { Bus } from '#core/bus/bus';
import type { Logger } from '#core/log';
import { decodeBatch, type StreamEvent, streamChannel } from './event.ts';
import { readHeads } from './log-reader.ts';

/** Someone who follows a stream. Both are called synchronously and must not throw. */
export interface FeedListener {
  /** New events, in order, perhaps with a hole before them. */
  onEvents(events: StreamEvent[]): void;
  /** The stream stands at least here: what is not known yet is in the log. */
  onHead(seq: number): void;
  /** The log has no such stream, or no longer. */
  onAbsent(): void;
}

/** How often the heads of all followed streams are compared with what the bus brought, in milliseconds. */
const LOOK_EVERY_MS = 2_000;

/**
 * How long a follower waits for the bus, in milliseconds. While the bus is away the looks bring what it does not, late
 * and whole.
 */
const JOIN_WITHIN_MS = 1_000;

/**
 * The live side of the stream log for one process: one bus subscription a stream however many follow it, and a regular
 * look at the heads, since a message of the bus may be lost and be the last one.
 */
export class StreamFeed {
  private readonly topics = new Map<string, { listeners: Set<FeedListener>; leave: Promise<() => void> }>();
  private readonly timer: NodeJS.Timeout;
  private readonly stopGap: () => void;
  private looking = false;
  private lookAgain = false;

  constructor(
    private readonly bus: Bus,
    private readonly pool: pg.Pool,
    private readonly log: Logger,
  ) {
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.timer.unref();
    this.stopGap = bus.onGap(() => void this.look());
  }

  /** Resolves once events will arrive, soon at the latest; the function returned ends it. */
  async follow(topic: string, listener: FeedListener): Promise<() => void> {
    let entry = this.topics.get(topic);
    if (!entry) {
      const listeners = new Set<FeedListener>();
      const leave = this.bus.subscribe(streamChannel(topic), (message) => {
        const { events } = decodeBatch(message);
        // Nothing in it: the stream was removed. The log says whether that is so.
        if (events.length === 0) void this.look();
        for (const each of listeners) each.onEvents(events);
      });
      entry = { listeners, leave };
      this.topics.set(topic, entry);
    }
    entry.listeners.add(listener);
    const stop = () => this.unfollow(topic, listener);
    try {
      await unlessLate(entry.leave);
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }

  close(): void {
    clearInterval(this.timer);
    this.stopGap();
    for (const { leave } of this.topics.values()) leave.then((stop) => stop()).catch(() => {});
    this.topics.clear();
  }

  private unfollow(topic: string, listener: FeedListener): void {
    const entry = this.topics.get(topic);
    if (!entry?.listeners.delete(listener) || entry.listeners.size > 0) return;
    this.topics.delete(topic);
    entry.leave.then((stop) => stop()).catch(() => {});
  }

  private async look(): Promise<void> {
    if (this.topics.size === 0) return;
    if (this.looking) {
      this.lookAgain = true;
      return;
    }
    this.looking = true;
    try {
      const topics = [...this.topics.keys()];
      const heads = await readHeads(this.pool, topics);
      for (const topic of topics) {
        const seq = heads.get(topic);
        for (const listener of [...(this.topics.get(topic)?.listeners ?? [])]) {
          if (seq === undefined) listener.onAbsent();
          else listener.onHead(seq);
        }
      }
    } catch (error) {
      this.log.debug({ err: error }, 'the heads of the streams could not be read');
    } finally {
      this.looking = false;
    }
    if (!this.lookAgain) return;
    this.lookAgain = false;
    await this.look();
  }
}

async function unlessLate(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, JOIN_WITHIN_MS);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
