import { Agent, fetch as undiciFetch } from 'undici';

type Fetch = typeof globalThis.fetch;

/** The keep-alive connections of one credential to one provider. */
export class HttpPool {
  readonly #agent = new Agent({
    connectTimeout: 10_000,
    keepAliveTimeout: 30_000,
    // A model may be silent for longer than undici's five minutes; the stream's own idle time-out decides.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  /** `fetch` through the pool. */
  readonly fetch: Fetch = (input, init) =>
    // The package's types and those of Node's built-in copy name the same things but are not assignable to each other.
    undiciFetch(input as string, { ...(init as object), dispatcher: this.#agent }) as unknown as ReturnType<Fetch>;

  /** `fetch` that also hands each answer's status and headers to `seen`: a vendor's errors do not all carry them. */
  watched(seen: (response: Response) => void): Fetch {
    return async (input, init) => {
      const response = await this.fetch(input, init);
      seen(response);
      return response;
    };
  }

  /** Closes every connection at once, those in use too. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}
