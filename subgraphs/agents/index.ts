import type { Kernel } from '#core/kernel';
import { buildFederatedSchema } from '#core/subgraph/build-schema';
import type { Subgraph } from '#core/subgraph/subgraph';
import { createAgentLoaders } from './agent.loaders.ts';
import { presentAgent } from './agent.presenter.ts';
import { AgentResolver } from './agent.resolver.ts';
import { AgentService } from './agent.service.ts';
import { AgentDraftResolver } from './agent-draft.resolver.ts';
import { AgentMutationResolver } from './agent-mutation.resolver.ts';
import { AgentPeerResolver } from './agent-peer.resolver.ts';
import { AgentPublicationService } from './agent-publication.service.ts';
import { AgentReader } from './agent-reader.ts';
import { DefinitionCheck, type KnownTools } from './definition-check.ts';
import { forgetGone } from './memory/memory.consumer.ts';
import { createMemoryResolvers } from './memory/memory-resolvers.ts';
import { ModelResolver } from './model.resolver.ts';
import { ModelService } from './model.service.ts';
import { permissions } from './permissions.ts';
import { RoleDirectory } from './role-directory.ts';
import { TEAM_FLOW_TYPES } from './team/team.type.ts';
import { TeamNodeResolver } from './team/team-node.resolver.ts';
import { ToolDirectory } from './tool-directory.ts';

/** What the agents subgraph touches of the kernel. Without `tools` it asks its peer which there are. */
type AgentsKernel = Pick<Kernel, 'database' | 'transactions' | 'models' | 'peers'> & { tools?: KnownTools };

/** Composes the agents subgraph. */
export async function createAgents(kernel: AgentsKernel): Promise<Subgraph> {
  const { database, transactions, models: registry, peers, tools = new ToolDirectory(peers) } = kernel;
  const models = new ModelService(registry);
  const reader = new AgentReader(database);
  const definitions = new DefinitionCheck(models, tools, new RoleDirectory(peers));
  const service = new AgentService(transactions, definitions);
  const publication = new AgentPublicationService(database, transactions, definitions);
  const loaders = createAgentLoaders(database);
  const schema = await buildFederatedSchema({
    resolvers: [
      new AgentResolver(reader, loaders),
      new AgentDraftResolver(reader, definitions, loaders),
      new AgentMutationResolver(service, publication),
      new AgentPeerResolver(reader, models, loaders),
      new ModelResolver(models),
      new TeamNodeResolver(reader, loaders),
      ...createMemoryResolvers(kernel, loaders),
    ],
    orphanedTypes: TEAM_FLOW_TYPES,
    permissions,
    references: {
      Agent: async ({ id }, context) => {
        const agent = await reader.findReferenced(context.viewer, loaders(context), id);
        return agent && presentAgent(agent);
      },
    },
  });
  return { name: 'agents', schema, jobs: [], consumers: [forgetGone] };
}
