import { AsyncLocalStorage } from 'node:async_hooks';
import { runInOrg } from './database/tenant.ts';
import type { Logger } from './log.ts';
import type { Viewer } from './viewer.ts';

/** Identifies one mutation that was sent with an `Idempotency-Key`, down to the subgraph operation it became. */
export interface IdempotencyContext {
  /** A digest of caller, key and request body. */
  requestKey: string;
  /** The subgraph operation within the request. */
  operation: string;
  /** How many transactions the operation has begun: the ordinal of the next one. */
  transactions: number;
}

/** What a resolver knows about the request that it serves. The GraphQL context of every subgraph. */
export interface RequestContext {
  /** Also sent to the client as `X-Request-Id` and logged on every line. */
  requestId: string;
  viewer: Viewer | null;
  log: Logger;
  /** Address and user agent of the client, as the gateway saw them. */
  client: { ip: string | null; userAgent: string | null };
  idempotency: IdempotencyContext | null;
  /** What `perRequest` made for this request. */
  readonly cache: Map<unknown, unknown>;
}

const storage = new AsyncLocalStorage<RequestContext>();

export const currentRequest = (): RequestContext | undefined => storage.getStore();

/** Runs `work` as this request, its scoped queries confined to the viewer's organization. */
export function runInRequest<T>(context: RequestContext, work: () => Promise<T>): Promise<T> {
  return storage.run(context, async () => {
    if (!context.viewer) return await work();
    return await runInOrg(context.viewer.orgId, work);
  });
}

/**
 * Declares something that lives as long as one request, such as a DataLoader: made when first asked for, the same one
 * for everybody who asks with the same context.
 */
export function perRequest<T>(create: (context: RequestContext) => T): (context: RequestContext) => T {
  return (context) => {
    if (!context.cache.has(create)) context.cache.set(create, create(context));
    return context.cache.get(create) as T;
  };
}
