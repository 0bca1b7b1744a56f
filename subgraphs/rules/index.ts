import { isId } from '#core/id';
import type { Kernel } from '#core/kernel';
import { buildFederatedSchema } from '#core/subgraph/build-schema';
import type { Subgraph } from '#core/subgraph/subgraph';
import { can } from '#core/viewer';
import { keepDecisions } from './decision/decision.consumer.ts';
import { DecisionResolver } from './decision/decision.resolver.ts';
import { DecisionReader } from './decision/decision-reader.ts';
import { MemberDirectory } from './decision/member-directory.ts';
import { permissions } from './permissions.ts';
import { createRuleLoaders } from './rule.loaders.ts';
import { presentRule } from './rule.presenter.ts';
import { RuleResolver } from './rule.resolver.ts';
import { RuleService } from './rule.service.ts';
import { RuleMutationResolver } from './rule-mutation.resolver.ts';
import { RuleReader } from './rule-reader.ts';
import { RuleReferences } from './rule-reference.ts';
import { SaidMessages } from './simulation/said-messages.ts';
import { SimulationResolver } from './simulation/simulation.resolver.ts';
import { SimulationService } from './simulation/simulation.service.ts';

/** Composes the rules subgraph: rules as data, their versions, and what they would decide. */
export async function createRules({
  database,
  transactions,
  peers,
  bus,
}: Pick<Kernel, 'database' | 'transactions' | 'peers' | 'bus'>): Promise<Subgraph> {
  const reader = new RuleReader(database);
  const references = new RuleReferences(peers);
  const service = new RuleService(database, transactions, references, bus);
  const simulations = new SimulationService(reader, references, new SaidMessages(peers));
  const loaders = createRuleLoaders(database);
  const schema = await buildFederatedSchema({
    resolvers: [
      new RuleResolver(reader),
      new RuleMutationResolver(service),
      new SimulationResolver(simulations),
      new DecisionResolver(new DecisionReader(database, transactions)),
    ],
    permissions,
    references: {
      Rule: async ({ id }, context) => {
        if (!can(context.viewer, 'rules:read') || !isId(id)) return null;
        const row = await loaders(context).rule.load(id);
        return row && row.orgId === context.viewer?.orgId ? presentRule(row) : null;
      },
    },
  });
  return { name: 'rules', schema, jobs: [], consumers: [keepDecisions(new MemberDirectory(peers))] };
}
