/**
 * A stream of states of which only the newest counts: one that comes before the last was read takes its place, so that a
 * slow reader costs nothing, and a reader is given no more than one every `everyMs`.
 */
export class LatestValue<T> implements AsyncIterableIterator<T> {
  private newest: { value: T } | null = null;
  private failure: { error: unknown } | null = null;
  private ended = false;
  private readyAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly pulls: { resolve(result: IteratorResult<T>): void; reject(error: unknown): void }[] = [];

  constructor(
    private readonly everyMs: number,
    private readonly onEnd: () => void,
  ) {}

  put(value: T): void {
    if (this.ended) return;
    this.newest = { value };
    this.flush();
  }

  /** Ends it for a reason that the reader is told. */
  fail(error: unknown): void {
    if (this.ended) return;
    const pull = this.pulls.shift();
    if (pull) pull.reject(error);
    else this.failure = { error };
    this.end();
  }

  next(): Promise<IteratorResult<T>> {
    return new Promise((resolve, reject) => {
      const { failure } = this;
      this.failure = null;
      if (failure) reject(failure.error);
      else if (this.ended) resolve({ value: undefined, done: true });
      else {
        this.pulls.push({ resolve, reject });
        this.flush();
      }
    });
  }

  return(): Promise<IteratorResult<T>> {
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private flush(): void {
    if (!this.newest || this.pulls.length === 0 || this.timer) return;
    const wait = this.readyAt - Date.now();
    if (wait > 0) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.flush();
      }, wait).unref();
      return;
    }
    const { value } = this.newest;
    this.newest = null;
    this.readyAt = Date.now() + this.everyMs;
    this.pulls.shift()?.resolve({ value, done: false });
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    for (const pull of this.pulls.splice(0)) pull.resolve({ value: undefined, done: true });
    this.onEnd();
  }
}
