import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import type { RuleName } from '#core/rule/rule-decision';
import { requireViewer } from '#core/viewer';
import { presentAction } from '../rule-action.type.ts';
import type { Simulated, SimulationService } from './simulation.service.ts';
import {
  type DecidingRuleType,
  RuleSimulationType,
  type SimulatedDecisionType,
  SimulateRulesInput,
} from './simulation.type.ts';
import { factsToJson } from './stage-facts.ts';

@Resolver()
export class SimulationResolver {
  constructor(private readonly service: SimulationService) {}

  @Query(() => RuleSimulationType, {
    description:
      'What the rules in force would decide about facts or about messages that there are, a draft among them if one is given. Nothing of it is done.',
  })
  async simulateRules(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => SimulateRulesInput) input: SimulateRulesInput,
  ): Promise<RuleSimulationType> {
    const { warnings, results } = await this.service.simulate(requireViewer(viewer), input);
    return { warnings, results: results.map(present) };
  }
}

/** A rule as decisions name it. */
export const presentName = ({ id, ...rest }: RuleName): DecidingRuleType => ({ ruleId: id, ...rest });

const present = ({ messageId, facts, decision }: Simulated): SimulatedDecisionType => ({
  message: messageId === null ? null : { id: messageId },
  facts: factsToJson(facts),
  outcome: decision.outcome,
  actions: decision.actions.map(({ rule, action }) => ({ rule: presentName(rule), action: presentAction(action) })),
  matched: decision.matched.map(({ rule, actions }) => ({
    rule: presentName(rule),
    actions: actions.map(presentAction),
  })),
  trace: decision.trace.map(({ rule, ...rest }) => ({ ...rest, rule: presentName(rule) })),
  micros: decision.micros,
});
