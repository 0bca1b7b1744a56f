import { setMaxListeners } from 'node:events';
import { ReaderQueue, type StreamEnd } from './reader-queue.ts';

/** One event of the source: being worked on, or ready to be read. */
interface Slot<T> {
  outcome?: { value: T } | { error: unknown };
}

export interface OrderedStreamOptions<In, Out> {
  source: AsyncIterator<In>;
  /** The work on one event. `signal` is aborted when the reader has left. */
  work: (event: In, signal: AbortSignal) => Promise<Out>;
  /** How many events are worked on or wait for the reader at a time. The source is not asked for more. */
  window: number;
  /** What the reader is told when the source broke or the work threw. */
  describe: (error: unknown) => unknown;
  /** Called once, when everything was read or the reader has left. */
  onEnd?: () => void;
}

/**
 * Works on several events of a source at once and gives the results in the order of the events.
 *
 * The source is pulled only while there is room in the window, so a slow reader slows the source and memory stays
 * bounded. It is written by hand because an `async function*` that waits for its source cannot be cancelled: here
 * `return()` settles every waiting `next()`, aborts the work and releases the source at once.
 */
export class OrderedStream<In, Out> implements AsyncIterableIterator<Out> {
  readonly #options: OrderedStreamOptions<In, Out>;
  readonly #abort = new AbortController();
  readonly #readers = new ReaderQueue<Out>();
  #slots: Slot<Out>[] = [];
  #pulling = false;
  /** Set when no further event will be taken; what was taken before is still read. */
  #end: StreamEnd | undefined;
  #settled = false;

  constructor(options: OrderedStreamOptions<In, Out>) {
    this.#options = options;
    // Each fetch of each event in the window listens: that is many, and not a leak.
    setMaxListeners(0, this.#abort.signal);
  }

  next(): Promise<IteratorResult<Out>> {
    const reading = this.#readers.wait();
    this.#advance();
    return reading;
  }

  return(): Promise<IteratorResult<Out>> {
    this.#leave();
    this.#settle({});
    return Promise.resolve({ value: undefined, done: true });
  }

  /** Takes no further event: the reader gets the events that were taken, then `error` as `describe` puts it. */
  fail(error: unknown): void {
    if (this.#end) return;
    this.#releaseSource();
    this.#end = { error };
    this.#advance();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Gives what is ready to whoever waits, then takes what fits into the window. */
  #advance(): void {
    while (this.#readers.waiting && this.#slots[0]?.outcome) {
      const { outcome } = this.#slots[0];
      this.#slots.shift();
      if ('error' in outcome) {
        this.#leave();
        this.#settle({ error: outcome.error });
        return;
      }
      this.#readers.give(outcome.value);
    }
    if (this.#end && this.#slots.length === 0) this.#settle(this.#end);
    else void this.#pull();
  }

  async #pull(): Promise<void> {
    if (this.#pulling || this.#end || this.#slots.length >= this.#options.window) return;
    this.#pulling = true;
    try {
      const result = await this.#options.source.next();
      if (this.#end) return;
      if (result.done) this.#end = {};
      else void this.#take(result.value);
    } catch (error) {
      this.#end ??= { error };
    } finally {
      this.#pulling = false;
    }
    this.#advance();
  }

  async #take(event: In): Promise<void> {
    const slot: Slot<Out> = {};
    this.#slots.push(slot);
    try {
      slot.outcome = { value: await this.#options.work(event, this.#abort.signal) };
    } catch (error) {
      slot.outcome = { error };
    }
    this.#advance();
  }

  /** Drops what was not read, stops the work and releases the source. */
  #leave(): void {
    this.#slots = [];
    if (!this.#end) this.#releaseSource();
    this.#end = {};
    this.#abort.abort();
  }

  #settle(end: StreamEnd): void {
    if (!this.#settled) {
      this.#settled = true;
      this.#options.onEnd?.();
    }
    if (!this.#readers.waiting) return;
    this.#end = {};
    this.#readers.end(end.error === undefined ? end : { error: this.#options.describe(end.error) });
  }

  #releaseSource(): void {
    // Not awaited: a source that is an async generator answers only once it stops waiting, which may be never.
    void (async () => this.#options.source.return?.())().catch(() => undefined);
  }
}
