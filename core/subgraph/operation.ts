import type { Viewer } from '#core/viewer';

/** Everything about a request that goes with it from the gateway to a subgraph, and nothing else. */
export interface RequestEnvelope {
  requestId: string;
  viewer: Viewer | null;
  client: { ip: string | null; userAgent: string | null };
  /** A digest of caller, idempotency key and request body. */
  idempotencyKey: string | null;
}

/** One operation for one subgraph. */
export interface SubgraphOperation {
  query: string;
  variables?: Record<string, unknown> | null | undefined;
  operationName?: string | null | undefined;
  envelope: RequestEnvelope;
}
