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
import { DefinitionCheck } from './definition-check.ts';
import { ModelResolver } from './model.resolver.ts';
import { ModelService } from './model.service.ts';
import { permissions } from './permissions.ts';
import { TeamMembership } from './team/team-membership.ts';

/** What the agents subgraph touches of the kernel. */
type AgentsKernel = Pick<Kernel, 'database' | 'transactions' | 'models'>;

/** Composes the agents subgraph. */
export async function createAgents({ database, transactions, models: registry }: AgentsKernel): Promise<Subgraph> {
  const models = new ModelService(registry);
  const reader = new AgentReader(database);
  const members = new TeamMembership(database);
  const definitions = new DefinitionCheck(models, members);
  const service = new AgentService(transactions, definitions, members);
  const publication = new AgentPublicationService(database, transactions, definitions);
  const loaders = createAgentLoaders(database);
  const schema = await buildFederatedSchema({
    resolvers: [
      new AgentResolver(reader, loaders),
      new AgentDraftResolver(reader, definitions, loaders),
      new AgentMutationResolver(service, publication),
      new AgentPeerResolver(reader, models, loaders),
      new ModelResolver(models),
    ],
    permissions,
    references: {
      Agent: async ({ id }, context) => {
        const agent = await reader.findReferenced(context.viewer, loaders(context), id);
        return agent && presentAgent(agent);
      },
    },
  });
  return { name: 'agents', schema, jobs: [], consumers: [] };
}
