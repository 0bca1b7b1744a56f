import type { Kernel } from '#core/kernel';
import { SubgraphExecutor } from '#core/subgraph/executor';
import { SUBGRAPH_NAMES, type Subgraph, type SubgraphName } from '#core/subgraph/subgraph';
import type { Role } from './role.ts';

/** Loaded when needed: a process that serves one subgraph does not read the code of the others. */
const COMPOSE: Record<SubgraphName, (kernel: Kernel) => Promise<Subgraph>> = {
  identity: async (kernel) => (await import('#subgraphs/identity/index')).createIdentity(kernel),
  agents: async (kernel) => (await import('#subgraphs/agents/index')).createAgents(kernel),
  conversations: async (kernel) => (await import('#subgraphs/conversations/index')).createConversations(kernel),
};

/**
 * Composes the subgraphs of this process. The worker has all of them, since it runs the jobs of each, and calls them
 * without a hop.
 */
export async function composeSubgraphs(
  kernel: Kernel,
  roles: ReadonlySet<Role>,
  executors: Map<string, SubgraphExecutor>,
): Promise<Subgraph[]> {
  const names = SUBGRAPH_NAMES.filter((name) => roles.has('worker') || roles.has(name));
  const subgraphs = await Promise.all(names.map((name) => COMPOSE[name](kernel)));
  for (const subgraph of subgraphs) {
    executors.set(subgraph.name, new SubgraphExecutor(subgraph.schema, kernel.log.child({ subgraph: subgraph.name })));
  }
  return subgraphs;
}
