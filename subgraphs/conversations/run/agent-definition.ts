import type { ThinkingOptions } from '#core/model/model.port';
import type { Peers } from '#core/peer/peer';
import type { Viewer } from '#core/viewer';

/** The version of an agent that a run works with, as the agents subgraph hands it out. */
export interface AgentForRun {
  id: string;
  name: string;
  version: number;
  instructions: string;
  model: string;
  temperature: number | null;
  maxOutputTokens: number | null;
  thinking: { effort: ThinkingOptions['effort'] | null; budgetTokens: number | null } | null;
}

const QUERY = `query ($id: ID!, $version: Int) {
  agentForRun(id: $id, version: $version) {
    id name version instructions model temperature maxOutputTokens thinking { effort budgetTokens }
  }
}`;

/** The agent's published version, or the given one; null where there is none to answer. */
export async function loadAgent(
  peers: Peers,
  viewer: Viewer,
  id: string,
  version: number | null,
): Promise<AgentForRun | null> {
  const { agentForRun } = await peers.call<{ agentForRun: AgentForRun | null }>('agents', {
    query: QUERY,
    variables: { id, version },
    viewer,
  });
  return agentForRun;
}
