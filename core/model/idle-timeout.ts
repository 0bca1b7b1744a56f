import { ModelError, modelCancelled } from './model-error.ts';

/** Long, because a model may think for minutes, or be loaded from disk, before its first token. */
export const DEFAULT_IDLE_TIMEOUT_MS = 120_000;

export interface GuardOptions {
  /** The caller's own signal. */
  signal: AbortSignal;
  /** How long one `next()` may go without progress, in ms. Without it there is no limit. */
  idleTimeoutMs?: number;
  /** How long all of it may take, in ms, from the first `next()` on. Without it there is no limit. */
  totalTimeoutMs?: number;
}

/** What the guarded source is given. */
export interface GuardedRun {
  /** Aborted when the caller aborts, leaves the loop, or a time-out fires. I/O must hang on it. */
  signal: AbortSignal;
  /** Says that something came that makes no chunk of its own: the idle time-out starts again. */
  progress(): void;
}

/**
 * Runs an async iterable under an idle time-out, a total time-out and an abort signal.
 *
 * An async generator cannot be left while it waits: its `return()` queues behind the pending `next()`. This iterator is
 * written by hand so that `return()`, an abort and a time-out take effect at once: each aborts the run's signal, which
 * closes the I/O. `next()` rejects with `MODEL_TIMEOUT` or `MODEL_CANCELLED`, and after that the iterator is done.
 */
export function guardStream<T>(
  open: (run: GuardedRun) => AsyncIterable<T>,
  options: GuardOptions,
): AsyncIterableIterator<T> {
  return new GuardedIterator(open, options);
}

class GuardedIterator<T> implements AsyncIterableIterator<T> {
  readonly #open: (run: GuardedRun) => AsyncIterable<T>;
  readonly #options: GuardOptions;
  readonly #controller = new AbortController();
  #source: AsyncIterator<T> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #total: NodeJS.Timeout | undefined;
  #done = false;
  /** Why the run was stopped between two calls of `next()`; the following `next()` reports it. */
  #stopped: ModelError | undefined;
  /** Settles the `next()` that waits, if one does. Consumers call one at a time. */
  #pending: { resolve: (result: IteratorResult<T>) => void; reject: (error: ModelError) => void } | undefined;

  constructor(open: (run: GuardedRun) => AsyncIterable<T>, options: GuardOptions) {
    this.#open = open;
    this.#options = options;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  async next(): Promise<IteratorResult<T>> {
    if (this.#stopped) {
      const error = this.#stopped;
      this.#stopped = undefined;
      throw error;
    }
    if (this.#done) return { done: true, value: undefined };
    if (!this.#source && !this.#start()) throw modelCancelled();
    try {
      const stopped = new Promise<IteratorResult<T>>((resolve, reject) => {
        this.#pending = { resolve, reject };
      });
      this.#armIdle();
      const result = await Promise.race([this.#source?.next() ?? stopped, stopped]);
      if (result.done) this.#finish();
      return result;
    } catch (error) {
      this.#finish();
      // A source that failed may still hold its connection open.
      this.#controller.abort(error);
      throw error;
    } finally {
      this.#pending = undefined;
      clearTimeout(this.#idle);
    }
  }

  async return(): Promise<IteratorResult<T>> {
    if (!this.#done) {
      this.#finish();
      this.#pending?.resolve({ done: true, value: undefined });
      this.#controller.abort(modelCancelled());
      this.#release();
    }
    this.#stopped = undefined;
    return { done: true, value: undefined };
  }

  #start(): boolean {
    const { signal, totalTimeoutMs } = this.#options;
    if (signal.aborted) {
      this.#finish();
      return false;
    }
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (totalTimeoutMs !== undefined) {
      this.#total = setTimeout(
        () => this.#stop(new ModelError('MODEL_TIMEOUT', 'The model took too long to finish its answer.')),
        totalTimeoutMs,
      );
    }
    const run: GuardedRun = { signal: this.#controller.signal, progress: () => this.#pending && this.#armIdle() };
    this.#source = this.#open(run)[Symbol.asyncIterator]();
    return true;
  }

  readonly #onAbort = () => this.#stop(modelCancelled());

  #armIdle() {
    const { idleTimeoutMs } = this.#options;
    if (idleTimeoutMs === undefined) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(
      () => this.#stop(new ModelError('MODEL_TIMEOUT', 'The model stopped answering: nothing came for too long.')),
      idleTimeoutMs,
    );
  }

  #stop(error: ModelError) {
    if (this.#done) return;
    if (!this.#pending) this.#stopped = error;
    this.#finish();
    // Before the abort, whose own error must lose the race against this one.
    this.#pending?.reject(error);
    this.#controller.abort(error);
    this.#release();
  }

  #finish() {
    this.#done = true;
    clearTimeout(this.#idle);
    clearTimeout(this.#total);
    this.#options.signal.removeEventListener('abort', this.#onAbort);
  }

  /** Lets the source clean up, without waiting: a source that hangs must not hold its consumer. */
  #release() {
    void this.#source?.return?.().catch(() => undefined);
  }
}
