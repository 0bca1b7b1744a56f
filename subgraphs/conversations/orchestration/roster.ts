import DataLoader from 'dataloader';
import type { RunnableAgent } from '#core/agent/runnable-agent';
import type { Peers } from '#core/peer/peer';
import type { Viewer } from '#core/viewer';

const QUERY = `query ($refs: [AgentForRunRef!]!) {
  agentsForRun(refs: $refs) {
    id name description version instructions model temperature maxOutputTokens thinking { effort budgetTokens }
    tools outputSchema limits team
  }
}`;

interface Ref {
  id: string;
  version: number | null;
}

/** The agents of a run, each asked for once, and those of one moment together. */
export class Roster {
  private readonly agents = new DataLoader<Ref, RunnableAgent | null, string>((refs) => this.ask(refs), {
    cacheKeyFn: ({ id, version }) => `${id}/${version ?? ''}`,
    maxBatchSize: 100,
  });

  constructor(
    private readonly peers: Peers,
    private readonly viewer: Viewer,
  ) {}

  /** The given version of an agent, or the published one; null where it cannot answer. */
  find(id: string, version: number | null): Promise<RunnableAgent | null> {
    const ref = { id, version };
    const found = this.agents.load(ref);
    // What could not be asked may be asked again.
    found.catch(() => this.agents.clear(ref));
    return found;
  }

  private async ask(refs: readonly Ref[]): Promise<(RunnableAgent | null)[]> {
    const { agentsForRun } = await this.peers.call<{ agentsForRun: (RunnableAgent | null)[] }>('agents', {
      query: QUERY,
      variables: { refs },
      viewer: this.viewer,
    });
    return agentsForRun;
  }
}

/** The given version of one agent, or the published one; null where it cannot answer. */
export const loadAgent = (
  peers: Peers,
  viewer: Viewer,
  id: string,
  version: number | null,
): Promise<RunnableAgent | null> => new Roster(peers, viewer).find(id, version);
