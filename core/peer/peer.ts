import type { SubgraphName } from '#core/subgraph/subgraph';
import type { Viewer } from '#core/viewer';

export interface PeerRequest {
  /** A GraphQL operation on the peer's own schema, its `@inaccessible` fields included. */
  query: string;
  variables?: Record<string, unknown>;
  /** On whose behalf. The peer's rules and policies apply to this viewer. */
  viewer: Viewer | null;
  requestId?: string;
  signal?: AbortSignal;
}

/** Calls of one subgraph by another: in this process or over HTTP, wherever the peer runs. */
export interface Peers {
  /**
   * Returns the operation's data.
   * @throws ParleyError with the peer's code where the answer carries an error; `UNAVAILABLE` where no peer answers.
   */
  call<Data>(peer: SubgraphName, request: PeerRequest): Promise<Data>;
}
