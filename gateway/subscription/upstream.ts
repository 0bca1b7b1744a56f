import { type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import { type Client, createClient, type SubscribePayload } from 'graphql-ws';
import WebSocket from 'ws';
import { PushQueue } from './push-queue.ts';
import { streamLost } from './stream-loss.ts';

export interface UpstreamOptions {
  /** How long connecting may take, in milliseconds, up to the subgraph's acknowledgement. Default 5000. */
  connectTimeoutMs?: number;
  /** How often the connection is probed, in milliseconds, and how long an answer may take. Default 5000. */
  keepAliveMs?: number;
  /** How long a connection without subscriptions is kept, in milliseconds. Default 1000. */
  idleMs?: number;
}

/**
 * One WebSocket to one subgraph, shared by all subscriptions there. It lives once: when it is lost or closed, every
 * stream on it ends with a resumable error, and the next subscription makes another.
 *
 * The client's own retries are off. It would subscribe again in silence, even after a normal closure, and what happened
 * in between would be missing from the stream.
 */
export class Upstream {
  readonly #client: Client;
  readonly #streams = new Set<PushQueue<ExecutionResult>>();
  readonly #idleMs: number;
  readonly #onGone: () => void;
  #socket: WebSocket | undefined;
  #idle: NodeJS.Timeout | undefined;
  #pongDue: NodeJS.Timeout | undefined;
  #gone = false;

  constructor(url: string, options: UpstreamOptions & { onGone: () => void }) {
    const { connectTimeoutMs = 5000, keepAliveMs = 5000, idleMs = 1000, onGone } = options;
    this.#idleMs = idleMs;
    this.#onGone = onGone;
    const adopt = (socket: WebSocket) => {
      this.#socket = socket;
    };
    this.#client = createClient({
      url,
      // Not lazy, for a lazy client closes by itself and then mixes up its own closure with a loss.
      lazy: false,
      onNonLazyError: () => {},
      retryAttempts: 0,
      connectionAckWaitTimeout: connectTimeoutMs,
      keepAlive: keepAliveMs,
      webSocketImpl: class extends WebSocket {
        constructor(address: string, protocol: string) {
          super(address, protocol, { handshakeTimeout: connectTimeoutMs, perMessageDeflate: false });
          // The client lets go of its own listener before the socket has reported its last error.
          this.on('error', () => {});
          adopt(this);
        }
      },
      on: {
        ping: (received) => {
          if (!received) this.#pongDue = setTimeout(() => this.close(), keepAliveMs);
        },
        pong: (received) => {
          if (received) clearTimeout(this.#pongDue);
        },
        closed: () => this.close(),
      },
    });
  }

  /** Opens a subscription; the stream holds at most `maxQueued` results that were not read. */
  open(payload: SubscribePayload, maxQueued: number): AsyncIterator<ExecutionResult> {
    clearTimeout(this.#idle);
    let unsubscribe = () => {};
    const stream = new PushQueue<ExecutionResult>(maxQueued, () => {
      unsubscribe();
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#idle = setTimeout(() => this.close(), this.#idleMs).unref();
    });
    this.#streams.add(stream);
    unsubscribe = this.#client.subscribe(payload, {
      next: (result) => stream.push(parsed(result)),
      error: (reason) => stream.fail(refusalIn(reason) ?? lost(reason)),
      complete: () => stream.complete(),
    });
    return stream;
  }

  /** Drops the connection. Streams that are still open end with a resumable error. */
  close(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#onGone();
    for (const stream of this.#streams) stream.fail(lost());
    clearTimeout(this.#idle);
    clearTimeout(this.#pongDue);
    Promise.resolve(this.#client.dispose()).catch(() => undefined);
    this.#socket?.terminate();
  }
}

const lost = (cause?: unknown) =>
  streamLost('The connection to a part of the API was lost. Subscribe again from the last event.', cause);

/** The errors of an `error` message: the subgraph refused the subscription, or its stream broke there. */
function refusalIn(reason: unknown): GraphQLError | undefined {
  const error = Array.isArray(reason) ? (reason[0] as GraphQLFormattedError | undefined) : undefined;
  return error && asError(error);
}

function parsed({ errors, ...result }: { errors?: readonly GraphQLFormattedError[] | undefined }): ExecutionResult {
  return { ...result, ...(errors && { errors: errors.map(asError) }) };
}

const asError = ({ message, path, extensions }: GraphQLFormattedError) =>
  new GraphQLError(message, { ...(path && { path }), ...(extensions && { extensions }) });
