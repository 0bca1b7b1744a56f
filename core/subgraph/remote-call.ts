import type { ExecutionResult } from 'graphql';
import { Pool } from 'undici';
import type { Directory } from '#core/directory/directory';
import { unavailable } from '#core/error';
import { ENVELOPE_HEADER, type EnvelopeSigner } from './envelope-token.ts';
import type { SubgraphOperation } from './operation.ts';

export interface RemoteCallerOptions {
  directory: Directory;
  signer: EnvelopeSigner;
  /** How long one answer may take, in milliseconds; 10 s without it, below what clients and proxies usually wait. */
  timeoutMs?: number;
  /** Connections to one address at most. */
  connections?: number;
}

/** Errors that prove that the other process has not begun: the call can go to another instance. */
const NOT_BEGUN = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'EHOSTUNREACH']);

/** Calls subgraphs in other processes over pooled keep-alive connections. */
export class RemoteCaller {
  private readonly pools = new Map<string, Pool>();

  private readonly stopFollowing: () => void;

  constructor(private readonly options: RemoteCallerOptions) {
    this.stopFollowing = options.directory.onChange((instances) => {
      const known = new Set(instances.map(({ url }) => url));
      for (const url of this.pools.keys()) if (!known.has(url)) this.drop(url);
    });
  }

  /** @throws ParleyError `UNAVAILABLE` where no instance answers in time. */
  async call(subgraph: string, operation: SubgraphOperation, signal?: AbortSignal): Promise<ExecutionResult> {
    const token = await this.options.signer.sign(operation.envelope);
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
        return await this.post(url, subgraph, operation, token, signal);
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
    await Promise.all([...this.pools.values()].map((pool) => pool.destroy()));
    this.pools.clear();
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
      headers: { 'content-type': 'application/json', [ENVELOPE_HEADER]: token },
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

  /** Lets what is under way end; nobody is sent to that address any more. */
  private drop(url: string): void {
    const pool = this.pools.get(url);
    this.pools.delete(url);
    pool?.close().catch(() => {});
  }

  private poolOf(url: string): Pool {
    const known = this.pools.get(url);
    if (known) return known;
    // Below the server's own keep-alive time-out, so that a connection is never used while it is being closed.
    const pool = new Pool(url, { connections: this.options.connections ?? 32, keepAliveTimeout: 30_000 });
    this.pools.set(url, pool);
    return pool;
  }
}
