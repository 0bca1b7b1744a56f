import type { RunnableAgent } from '#core/agent/runnable-agent';
import type { Peers } from '#core/peer/peer';
import type { Viewer } from '#core/viewer';

const QUERY = `query ($id: ID!, $version: Int) {
  agentForRun(id: $id, version: $version) {
    id name description version instructions model temperature maxOutputTokens thinking { effort budgetTokens }
    tools outputSchema limits team
  }
}`;

/** The given version of an agent, or the published one; null where it cannot answer. */
export async function loadAgent(
  peers: Peers,
  viewer: Viewer,
  id: string,
  version: number | null,
): Promise<RunnableAgent | null> {
  const { agentForRun } = await peers.call<{ agentForRun: RunnableAgent | null }>('agents', {
    query: QUERY,
    variables: { id, version },
    viewer,
  });
  return agentForRun;
}

/** The agents of a run, each asked for once. */
export class Roster {
  private readonly asked = new Map<string, Promise<RunnableAgent | null>>();

  constructor(
    private readonly peers: Peers,
    private readonly viewer: Viewer,
  ) {}

  /** The given version of an agent, or the published one; null where it cannot answer. */
  find(id: string, version: number | null): Promise<RunnableAgent | null> {
    const key = `${id}/${version ?? ''}`;
    let found = this.asked.get(key);
    if (!found) {
      found = loadAgent(this.peers, this.viewer, id, version);
      this.asked.set(key, found);
      // What could not be asked may be asked again.
      found.catch(() => this.asked.delete(key));
    }
    return found;
  }
}
