import type { Kernel } from '#core/kernel';
import { SubgraphExecutor } from '#core/subgraph/executor';
import { SUBGRAPH_NAMES, type Subgraph, type SubgraphName } from '#core/subgraph/subgraph';
import type { Role } from './role.ts';

/** Loaded when needed: a process that serves one subgraph does not read the code of the others. */
const LOAD: Record<SubgraphName, () => Promise<(kernel: Kernel) => Promise<Subgraph>>> = {
  identity: async () => (await import('#subgraphs/identity/index')).createIdentity,
  agents: async () => (await import('#subgraphs/agents/index')).createAgents,
  conversations: async () => (await import('#subgraphs/conversations/index')).createConversations,
  events: async () => (await import('#subgraphs/events/index')).createEvents,
  rules: async () => (await import('#subgraphs/rules/index')).createRules,
  tasks: async () => (await import('#subgraphs/tasks/index')).createTasks,
};

const namesOf = (roles: ReadonlySet<Role>): SubgraphName[] =>
  SUBGRAPH_NAMES.filter((name) => roles.has('worker') || roles.has(name));

/** Reads the code of the subgraphs of this process ahead of time. */
export async function loadSubgraphs(roles: ReadonlySet<Role>): Promise<void> {
  await Promise.all(namesOf(roles).map((name) => LOAD[name]()));
}

/**
 * Composes the subgraphs of this process. The worker has all of them, since it runs the jobs of each, and calls them
 * without a hop.
 */
export async function composeSubgraphs(
  kernel: Kernel,
  roles: ReadonlySet<Role>,
  executors: Map<string, SubgraphExecutor>,
): Promise<Subgraph[]> {
  const subgraphs = await Promise.all(
    namesOf(roles).map(async (name) => {
      const compose = await LOAD[name]();
      return compose(kernel);
    }),
  );
  for (const subgraph of subgraphs) {
    executors.set(
      subgraph.name,
      new SubgraphExecutor(subgraph.name, subgraph.schema, kernel.log.child({ subgraph: subgraph.name })),
    );
  }
  return subgraphs;
}
