import type { Peers } from '#core/peer/peer';
import type { Viewer } from '#core/viewer';

/** A participant as its owner knows it. */
export interface Named {
  id: string;
  name: string;
}

/** What this subgraph asks of the owners of users and agents, on behalf of a viewer. */
export class PeerDirectory {
  constructor(private readonly peers: Peers) {}

  /** Those of the agents that are in use in the viewer's organization. */
  async agents(viewer: Viewer, ids: readonly string[]): Promise<Named[]> {
    return this.agentsById(viewer, ids, false);
  }

  /** Those of the agents that can answer, in the order of `ids`. */
  async agentsThatAnswer(viewer: Viewer, ids: readonly string[]): Promise<Named[]> {
    return this.agentsById(viewer, ids, true);
  }

  /** Those of the users that belong to the viewer's organization. */
  async users(viewer: Viewer, ids: readonly string[]): Promise<Named[]> {
    return this.entities('identity', 'User', viewer, ids);
  }

  /** The names of agents whether they are still in use or not. */
  async agentNames(viewer: Viewer, ids: readonly string[]): Promise<Named[]> {
    return this.entities('agents', 'Agent', viewer, ids);
  }

  private async agentsById(viewer: Viewer, ids: readonly string[], thatAnswer: boolean): Promise<Named[]> {
    if (ids.length === 0) return [];
    const { agentsById } = await this.peers.call<{ agentsById: (Named | null)[] }>('agents', {
      query:
        'query ($ids: [ID!]!, $thatAnswer: Boolean!) { agentsById(ids: $ids, thatAnswer: $thatAnswer) { id name } }',
      variables: { ids, thatAnswer },
      viewer,
    });
    return agentsById.filter((agent) => agent !== null);
  }

  private async entities(
    peer: 'identity' | 'agents',
    type: 'User' | 'Agent',
    viewer: Viewer,
    ids: readonly string[],
  ): Promise<Named[]> {
    if (ids.length === 0) return [];
    const { _entities } = await this.peers.call<{ _entities: (Named | null)[] }>(peer, {
      query: `query ($of: [_Any!]!) { _entities(representations: $of) { ... on ${type} { id name } } }`,
      variables: { of: ids.map((id) => ({ __typename: type, id })) },
      viewer,
    });
    return _entities.filter((entity) => entity !== null);
  }
}
