interface Reader<T> {
  resolve(result: IteratorResult<T>): void;
  reject(reason: unknown): void;
}

/** How a stream ended: with `error`, or because it was done. */
export interface StreamEnd {
  error?: unknown;
}

/** The calls of an async iterator's `next()` that wait for a value, first come first served. */
export class ReaderQueue<T> {
  #readers: Reader<T>[] = [];

  get waiting(): boolean {
    return this.#readers.length > 0;
  }

  wait(): Promise<IteratorResult<T>> {
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /** Gives `value` to whoever waits longest. */
  give(value: T): void {
    this.#readers.shift()?.resolve({ value, done: false });
  }

  /** Ends all waits. An error reaches the first reader only, as from a generator. */
  end({ error }: StreamEnd): void {
    const [first, ...others] = this.#readers;
    this.#readers = [];
    if (error === undefined) first?.resolve({ value: undefined, done: true });
    else first?.reject(error);
    for (const reader of others) reader.resolve({ value: undefined, done: true });
  }
}
