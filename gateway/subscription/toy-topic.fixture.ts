interface Subscriber<T> {
  queue: T[];
  wake: (() => void) | undefined;
  open: boolean;
  failure?: unknown;
}

/** A stream of events with any number of subscribers, which knows how many of them have not left. */
export class ToyTopic<T> {
  readonly #subscribers = new Set<Subscriber<T>>();

  /** How many subscriptions are open at the subgraph. */
  get size(): number {
    return this.#subscribers.size;
  }

  publish(event: T): void {
    for (const subscriber of this.#subscribers) {
      subscriber.queue.push(event);
      subscriber.wake?.();
    }
  }

  /** Ends all streams: as a subgraph that is done, or with an error. */
  end(failure?: unknown): void {
    for (const subscriber of this.#subscribers) this.#leave(subscriber, failure);
  }

  open(): AsyncIterableIterator<T> {
    const subscriber: Subscriber<T> = { queue: [], wake: undefined, open: true };
    this.#subscribers.add(subscriber);
    const iterator: AsyncIterableIterator<T> = {
      next: async () => {
        while (subscriber.open && subscriber.queue.length === 0) {
          await new Promise<void>((resolve) => {
            subscriber.wake = resolve;
          });
        }
        const [event] = subscriber.queue.splice(0, 1);
        if (event !== undefined) return { value: event, done: false };
        if (subscriber.failure) throw subscriber.failure;
        return { value: undefined, done: true };
      },
      return: async () => {
        this.#leave(subscriber);
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  #leave(subscriber: Subscriber<T>, failure?: unknown): void {
    subscriber.open = false;
    if (failure) subscriber.failure = failure;
    this.#subscribers.delete(subscriber);
    subscriber.wake?.();
  }
}
