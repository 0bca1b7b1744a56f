/** At least so many wait: the source is to pause. It goes on at half of it. */
const FULL = 64;

/** Hands what a source pushes to a reader that pulls, and holds the source back where the reader is slower. */
export class PullQueue<T> {
  private readonly items: T[] = [];
  private readonly waiting: { resolve(item: T): void; reject(error: unknown): void }[] = [];
  private failure: { error: unknown } | null = null;
  private held = false;

  constructor(private readonly hold: (held: boolean) => void = () => {}) {}

  push(item: T): void {
    if (this.failure) return;
    const reader = this.waiting.shift();
    if (reader) {
      reader.resolve(item);
      return;
    }
    this.items.push(item);
    if (this.held || this.items.length < FULL) return;
    this.held = true;
    this.hold(true);
  }

  /** Ends it: what was pushed is still read, then `next()` rejects with the first such error. */
  fail(error: unknown): void {
    if (this.failure) return;
    this.failure = { error };
    for (const reader of this.waiting.splice(0)) reader.reject(error);
  }

  next(): Promise<T> {
    const item = this.items.shift();
    if (item !== undefined) {
      if (this.held && this.items.length <= FULL / 2) {
        this.held = false;
        this.hold(false);
      }
      return Promise.resolve(item);
    }
    if (this.failure) return Promise.reject(this.failure.error);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }
}
