import type pg from 'pg';
import { isConnectionFailure } from '#core/database/failure';
import { runInOrg } from '#core/database/tenant';
import type { StreamEvent } from './event.ts';
import type { StreamFeed } from './feed.ts';
import { readAfter, readExtent } from './log-reader.ts';
import type { StreamGapSignal, StreamTail } from './streams.ts';

type Item = StreamEvent | StreamGapSignal;

interface Pull {
  resolve(result: IteratorResult<Item>): void;
  reject(error: unknown): void;
}

/** Live events that a reader may leave unread, and their size. Beyond it they are read from the log later. */
const MAX_UNREAD = 1_000;
const MAX_UNREAD_CHARACTERS = 1024 * 1024;

/** While the database cannot be reached a reader waits this long between two tries, and for ten seconds in all. */
const RETRY_PAUSE_MS = 500;
const MAX_FAILURES = 20;

export interface TailSource {
  pool: pg.Pool;
  feed: StreamFeed;
  orgId: string;
  topic: string;
  /** The last `seq` that the reader has. */
  after: number;
}

/**
 * Follows one stream from a cursor. Events come from memory while they join up with what was read, else from the log:
 * a hole, a slow reader and a lost message are all filled the same way. Written by hand, since an async generator
 * cannot be ended while it waits.
 */
export class Tail implements StreamTail {
  private readonly unread: Item[] = [];
  private unreadCharacters = 0;
  private readonly pulls: Pull[] = [];
  /** The last `seq` put into `unread` or given out. */
  private last: number;
  /** The newest `seq` known to be in the log. */
  private known: number;
  private filling = false;
  private failure: unknown = null;
  private failures = 0;
  private ended = false;
  /** Whether the log was seen to hold this stream: one that begins later is not a removed one. */
  private exists = false;
  private leave: () => void = () => {};

  private constructor(private readonly source: TailSource) {
    this.last = source.after;
    this.known = source.after;
  }

  /** Joins the live feed first and reads the log then, so that nothing falls in between. */
  static async open(source: TailSource): Promise<Tail> {
    const tail = new Tail(source);
    tail.leave = await source.feed.follow(source.topic, {
      onEvents: (events) => tail.take(events),
      onHead: (seq) => tail.reach(seq),
      onAbsent: () => tail.vanish(),
    });
    try {
      const extent = await runInOrg(source.orgId, () => readExtent(source.pool, source.topic));
      const gap = extent && (source.after < extent.keptSeq - 1 || source.after > extent.lastSeq);
      // A cursor from beyond the end comes of a database that was restored: the reader must load anew as well.
      if (gap) tail.skipTo(extent.lastSeq);
      else if (extent) tail.reach(extent.lastSeq);
    } catch (error) {
      tail.end();
      throw error;
    }
    return tail;
  }

  next(): Promise<IteratorResult<Item>> {
    const item = this.unread.shift();
    if (item) {
      this.unreadCharacters -= sizeOf(item);
      this.fillIfBehind();
      return Promise.resolve({ value: item, done: false });
    }
    if (this.failure !== null) {
      const error = this.failure;
      this.failure = null;
      return Promise.reject(error);
    }
    if (this.ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => {
      this.pulls.push({ resolve, reject });
      this.fillIfBehind();
    });
  }

  return(): Promise<IteratorResult<Item>> {
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  throw(error: unknown): Promise<IteratorResult<Item>> {
    this.end();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private take(events: StreamEvent[]): void {
    this.exists = true;
    for (const event of events) {
      this.known = Math.max(this.known, event.seq);
      if (event.seq !== this.last + 1 || this.isFull() || this.filling) continue;
      this.push(event);
    }
    this.fillIfBehind();
  }

  private reach(seq: number): void {
    this.exists = true;
    this.known = Math.max(this.known, seq);
    this.fillIfBehind();
  }

  /** What was seen as absent may have been looked for before it began. */
  private vanish(): void {
    if (!this.exists || this.ended) return;
    const { pool, topic, orgId } = this.source;
    runInOrg(orgId, () => readExtent(pool, topic)).then(
      (extent) => extent === null && this.end(),
      () => {},
    );
  }

  private skipTo(seq: number): void {
    this.exists = true;
    this.last = seq;
    this.known = seq;
    this.emit({ gap: true, seq, at: new Date() });
  }

  private push(event: StreamEvent): void {
    this.last = event.seq;
    this.emit(event);
  }

  private emit(item: Item): void {
    const pull = this.pulls.shift();
    if (pull) {
      pull.resolve({ value: item, done: false });
      return;
    }
    this.unread.push(item);
    this.unreadCharacters += sizeOf(item);
  }

  private isFull(): boolean {
    return this.unread.length >= MAX_UNREAD || this.unreadCharacters >= MAX_UNREAD_CHARACTERS;
  }

  /** Reads on in the log where the memory does not join up, once the reader has room for it. */
  private fillIfBehind(): void {
    if (this.ended || this.filling || this.known <= this.last || this.unread.length > 0) return;
    this.filling = true;
    const { pool, topic, orgId } = this.source;
    runInOrg(orgId, () => readAfter(pool, topic, this.last)).then(
      (events) => this.filled(events),
      (error: unknown) => this.fail(error),
    );
  }

  private filled(events: StreamEvent[]): void {
    this.filling = false;
    this.failures = 0;
    if (this.ended) return;
    const first = events[0];
    // What came after `last` was removed while we were reading: the retention has overtaken this reader.
    if (!first || first.seq !== this.last + 1) {
      this.skipTo(this.known);
      return;
    }
    for (const event of events) this.push(event);
    this.fillIfBehind();
  }

  private fail(error: unknown): void {
    this.filling = false;
    this.failures += 1;
    if (isConnectionFailure(error) && this.failures < MAX_FAILURES) {
      setTimeout(() => this.fillIfBehind(), RETRY_PAUSE_MS).unref();
      return;
    }
    const pull = this.pulls.shift();
    if (pull) pull.reject(error);
    else if (!this.ended) this.failure = error;
    this.end();
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.unread.length = 0;
    this.leave();
    for (const pull of this.pulls.splice(0)) pull.resolve({ value: undefined, done: true });
  }
}

const sizeOf = (item: Item): number => ('gap' in item ? 0 : item.payload.length);
