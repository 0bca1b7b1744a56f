import { Readable } from 'node:stream';
import type { ExecutionResult } from 'graphql';
import { type Dispatcher, Pool } from 'undici';
import type { Directory } from '#core/directory/directory';
import { unavailable } from '#core/error';
import { traceHeaders } from '#core/telemetry/span';
import { ENVELOPE_HEADER, type EnvelopeSigner } from './envelope-token.ts';
import type { RequestEnvelope, SubgraphOperation } from './operation.ts';

export interface RemoteCallerOptions {
  directory: Directory;
  signer: EnvelopeSigner;
  /** How long one answer may take, in milliseconds; 10 s without it, below what clients and proxies usually wait. */
  timeoutMs?: number;
  /** Connections to one address at most. */
  connections?: number;
}

/** A request of `exchange`, but for where it goes. */
export interface Exchange {
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: AsyncIterable<Uint8Array>;
  signal?: AbortSignal;
  /** How long the other process may take until it begins to answer, in milliseconds; 0 for ever. Default `timeoutMs`. */
  headersTimeout?: number;
}

/** Files that go to and from one address at once. */
const MAX_EXCHANGES = 256;

/** Errors that prove that the other process has not begun: the call can go to another instance. */
const NOT_BEGUN = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'EHOSTUNREACH']);

/** Calls subgraphs in other processes over pooled keep-alive connections. */
export class RemoteCaller {
  private readonly pools = new Map<string, Pool>();
  /** Apart from the others, so that slow readers of files keep no query waiting. */
  private readonly filePools = new Map<string, Pool>();

  private readonly stopFollowing: () => void;

  constructor(private readonly options: RemoteCallerOptions) {
    this.stopFollowing = options.directory.onChange((instances) => {
      const known = new Set(instances.map(({ url }) => url));
      for (const pools of [this.pools, this.filePools]) {
        for (const url of pools.keys()) if (!known.has(url)) drop(pools, url);
      }
    });
  }

  /** @throws ParleyError `UNAVAILABLE` where no instance answers in time. */
  async call(subgraph: string, operation: SubgraphOperation, signal?: AbortSignal): Promise<ExecutionResult> {
    const token = await this.options.signer.sign(operation.envelope);
    return this.somewhere(subgraph, (url) => this.post(url, subgraph, operation, token, signal), signal);
  }

  /**
   * An exchange in HTTP's own terms, for bytes that are not held as a whole. Its body is read to the end or destroyed.
   * @param path Below the subgraph's address.
   * @throws ParleyError `UNAVAILABLE` where no instance answers in time.
   */
  async exchange(
    subgraph: string,
    path: string,
    envelope: RequestEnvelope,
    { headers, signal, body, ...request }: Exchange,
  ): Promise<Dispatcher.ResponseData> {
    const { timeoutMs = 10_000, signer } = this.options;
    const token = await signer.sign(envelope);
    const send = (url: string) =>
      this.poolOf(url, this.filePools, MAX_EXCHANGES).request({
        headersTimeout: timeoutMs,
        ...request,
        body: body ? Readable.from(body, { objectMode: false }) : null,
        path: `/subgraphs/${subgraph}${path}`,
        headers: { ...headers, [ENVELOPE_HEADER]: token },
        // Whoever reads the answer may be slow.
        bodyTimeout: 0,
        signal: signal ?? null,
      });
    return this.somewhere(subgraph, send, signal);
  }

  /** Goes to one instance after the other for as long as it is proven that none has begun. */
  private async somewhere<T>(
    subgraph: string,
    send: (url: string) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const tried = new Set<string>();
    let lookedAgain = false;
    for (;;) {
      const url = this.options.directory.urlOf(subgraph);
      if (!url || tried.has(url)) {
        if (lookedAgain) throw unavailable(`The part of Parley that serves ${subgraph} cannot be reached.`);
        // Its successor may have registered since the last beat.
        lookedAgain = true;
        await this.options.directory.beat().catch(() => {});
        continue;
      }
      tried.add(url);
      try {
        return await send(url);
      } catch (error) {
        // A caller that gave up says nothing about the other process.
        if (signal?.aborted) throw unavailable('The request was given up before its answer came.', { cause: error });
        this.options.directory.avoid(url);
        if (!NOT_BEGUN.has(String((error as { code?: unknown }).code))) {
          throw unavailable(`The part of Parley that serves ${subgraph} did not answer in time.`, { cause: error });
        }
      }
    }
  }

  async close(): Promise<void> {
    this.stopFollowing();
    for (const pools of [this.pools, this.filePools]) {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
      pools.clear();
    }
  }

  private async post(
    url: string,
    subgraph: string,
    { query, variables, operationName }: SubgraphOperation,
    token: string,
    signal?: AbortSignal,
  ): Promise<ExecutionResult> {
    const { timeoutMs = 10_000 } = this.options;
    const { statusCode, body } = await this.poolOf(url).request({
      method: 'POST',
      path: `/subgraphs/${subgraph}`,
      headers: { 'content-type': 'application/json', [ENVELOPE_HEADER]: token, ...traceHeaders() },
      body: JSON.stringify({ query, variables, operationName }),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: signal ?? null,
    });
    const text = await body.text();
    if (statusCode === 401) {
      throw new Error(`The subgraph ${subgraph} does not know this process: give all of them the same PARLEY_SECRET.`);
    }
    if (statusCode !== 200) throw new Error(`The subgraph ${subgraph} answered with status ${statusCode}.`);
    return JSON.parse(text) as ExecutionResult;
  }

  private poolOf(url: string, pools = this.pools, connections = this.options.connections ?? 32): Pool {
    const known = pools.get(url);
    if (known) return known;
    // Below the server's own keep-alive time-out, so that a connection is never used while it is being closed.
    const pool = new Pool(url, { connections, keepAliveTimeout: 30_000 });
    pools.set(url, pool);
    return pool;
  }
}

/** Lets what is under way end; nobody is sent to that address any more. */
function drop(pools: Map<string, Pool>, url: string): void {
  const pool = pools.get(url);
  pools.delete(url);
  pool?.close().catch(() => {});
}
