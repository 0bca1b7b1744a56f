interface Work<T> {
  promise: Promise<T>;
  stop: AbortController;
  waiting: number;
}

/** What several ask for at the same time is done once. It is stopped when all of them have left. */
export class SharedWork<T> {
  private readonly underWay = new Map<string, Work<T>>();

  /** @throws what `work` throws, or the reason of `signal` as soon as that is aborted. */
  async do(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const shared = this.underWay.get(key) ?? this.begin(key, work);
    shared.waiting += 1;
    let leave: () => void = () => {};
    const left = new Promise<never>((_resolve, reject) => {
      leave = () => reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
    });
    try {
      return await Promise.race([shared.promise, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      shared.waiting -= 1;
      if (shared.waiting === 0) {
        if (this.underWay.get(key) === shared) this.underWay.delete(key);
        shared.stop.abort();
      }
    }
  }

  private begin(key: string, work: (signal: AbortSignal) => Promise<T>): Work<T> {
    const stop = new AbortController();
    const promise = work(stop.signal).finally(() => {
      if (this.underWay.get(key) === begun) this.underWay.delete(key);
    });
    // Whoever waits is told; when all have left, nobody is.
    promise.catch(() => {});
    const begun: Work<T> = { promise, stop, waiting: 0 };
    this.underWay.set(key, begun);
    return begun;
  }
}
