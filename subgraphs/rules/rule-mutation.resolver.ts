import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import {
  CreateRuleInput,
  DeleteRuleInput,
  DisableRuleInput,
  EnableRuleInput,
  RollBackRuleInput,
  UpdateRuleInput,
} from './rule.input.ts';
import {
  CreateRulePayload,
  DeleteRulePayload,
  DisableRulePayload,
  EnableRulePayload,
  RollBackRulePayload,
  UpdateRulePayload,
} from './rule.payload.ts';
import { presentRule } from './rule.presenter.ts';
import type { ChangedRule, RuleService } from './rule.service.ts';

const present = ({ rule, warnings }: ChangedRule) => ({ rule: presentRule(rule), warnings });

@Resolver()
export class RuleMutationResolver {
  constructor(private readonly service: RuleService) {}

  @Mutation(() => CreateRulePayload, {
    description:
      'Makes a rule, which counts at once. BAD_USER_INPUT where it cannot be evaluated or never would count.',
  })
  async createRule(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => CreateRuleInput) input: CreateRuleInput,
  ): Promise<CreateRulePayload> {
    return present(await this.service.create(requireViewer(viewer), input));
  }

  @Mutation(() => UpdateRulePayload, {
    description: 'Changes parts of a rule, as a new version, which counts at once.',
  })
  async updateRule(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => UpdateRuleInput) input: UpdateRuleInput,
  ): Promise<UpdateRulePayload> {
    return present(await this.service.update(requireViewer(viewer), input));
  }

  @Mutation(() => RollBackRulePayload, { description: 'Makes what an earlier version says the newest version.' })
  async rollBackRule(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => RollBackRuleInput) input: RollBackRuleInput,
  ): Promise<RollBackRulePayload> {
    return present(await this.service.rollBack(requireViewer(viewer), input));
  }

  @Mutation(() => EnableRulePayload, { description: 'Puts a rule into force. Repeating it changes nothing.' })
  async enableRule(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => EnableRuleInput) input: EnableRuleInput,
  ): Promise<EnableRulePayload> {
    return present(await this.service.setEnabled(requireViewer(viewer), input.ruleId, true));
  }

  @Mutation(() => DisableRulePayload, { description: 'Takes a rule out of force. Repeating it changes nothing.' })
  async disableRule(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => DisableRuleInput) input: DisableRuleInput,
  ): Promise<DisableRulePayload> {
    return present(await this.service.setEnabled(requireViewer(viewer), input.ruleId, false));
  }

  @Mutation(() => DeleteRulePayload, {
    description: 'Deletes a rule with its versions. What it has decided stays known.',
  })
  async deleteRule(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => DeleteRuleInput) input: DeleteRuleInput,
  ): Promise<DeleteRulePayload> {
    return { deletedRuleId: await this.service.delete(requireViewer(viewer), input.ruleId) };
  }
}
