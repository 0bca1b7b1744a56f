import { ReaderQueue, type StreamEnd } from './reader-queue.ts';
import { streamLost } from './stream-loss.ts';

/**
 * Turns what is pushed into what is pulled, holding at most `maxQueued` values. One value too many ends the stream:
 * the reader still gets what was queued, then an `UNAVAILABLE` error that says the stream can be resumed.
 */
export class PushQueue<T> implements AsyncIterableIterator<T> {
  readonly #maxQueued: number;
  readonly #release: () => void;
  readonly #readers = new ReaderQueue<T>();
  #values: T[] = [];
  #end: StreamEnd | undefined;

  /** `release` is called once, as soon as no further value is wanted or can come. */
  constructor(maxQueued: number, release: () => void) {
    this.#maxQueued = maxQueued;
    this.#release = release;
  }

  push(value: T): void {
    if (this.#end) return;
    if (this.#readers.waiting) this.#readers.give(value);
    else if (this.#values.length < this.#maxQueued) this.#values.push(value);
    else this.fail(streamLost('The stream was read too slowly and has ended. Subscribe again from the last event.'));
  }

  /** The source is done: the reader gets what is queued, then the end. */
  complete(): void {
    this.#finish({});
  }

  /** The source broke: the reader gets what is queued, then `error`, once. */
  fail(error: unknown): void {
    this.#finish({ error });
  }

  next(): Promise<IteratorResult<T>> {
    const reading = this.#readers.wait();
    const [value] = this.#values.splice(0, 1);
    if (value !== undefined) this.#readers.give(value);
    else this.#settle();
    return reading;
  }

  return(): Promise<IteratorResult<T>> {
    this.#values = [];
    this.#finish({});
    this.#end = {};
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(end: StreamEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#settle();
    this.#release();
  }

  #settle(): void {
    if (!this.#end || !this.#readers.waiting) return;
    this.#readers.end(this.#end);
    this.#end = {};
  }
}
