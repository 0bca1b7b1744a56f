import { Field, ID, InputType, Int } from 'type-graphql';
import type { FailMode, RuleScopeKind, RuleStage } from '#core/rule/rule';
import { FailModeEnum, RuleScopeKindEnum, RuleStageEnum } from './rule.enum.ts';
import { RuleActionInput } from './rule-action.input.ts';
import { RULE_LIMITS } from './rule-content.schema.ts';

const atMost = (characters: number) => `At most ${characters.toLocaleString('en')} characters.`;

@InputType('RuleFilter', { description: 'Which rules to list. Parts that are left out do not narrow the list.' })
export class RuleFilterInput {
  @Field(() => RuleStageEnum, { nullable: true })
  stage?: RuleStage | null;

  @Field(() => RuleScopeKindEnum, { nullable: true })
  scopeKind?: RuleScopeKind | null;

  @Field(() => String, { nullable: true, description: 'The id of an agent or a conversation, or the name of a tool.' })
  scopeOf?: string | null;

  @Field(() => Boolean, { nullable: true })
  enabled?: boolean | null;

  @Field(() => String, { nullable: true, description: 'Part of the name, in upper or lower case.' })
  search?: string | null;
}

@InputType({ description: 'What a rule is about: give one of them. Leave the scope out for all of the organization.' })
export class RuleScopeInput {
  @Field(() => ID, { nullable: true })
  agentId?: string | null;

  @Field(() => ID, { nullable: true })
  conversationId?: string | null;

  @Field(() => String, { nullable: true, description: 'The name of a tool, at the stage TOOL_CALL.' })
  tool?: string | null;
}

@InputType({
  description:
    'A model that is asked whether the rule applies, once its condition is true: at the stages INPUT and TOOL_CALL, as a step of the run, whose limits and budgets it counts against.',
})
export class RuleJudgeInput {
  @Field(() => String, {
    description: `About what the rule is asked about, to be answered by yes or no. ${atMost(RULE_LIMITS.question)}`,
  })
  question!: string;

  @Field(() => String, { nullable: true, description: 'Left out for the default of the server.' })
  model?: string | null;
}

@InputType()
abstract class RuleSettingsInput {
  @Field(() => String, { nullable: true, description: atMost(RULE_LIMITS.description) })
  description?: string | null;

  @Field(() => RuleScopeInput, { nullable: true })
  scope?: RuleScopeInput | null;

  @Field(() => String, {
    nullable: true,
    description: `In the Common Expression Language, over the facts of the stage: see \`ruleFacts\`. Without one it is always true. ${atMost(RULE_LIMITS.condition)}`,
  })
  condition?: string | null;

  @Field(() => RuleJudgeInput, { nullable: true })
  judge?: RuleJudgeInput | null;

  @Field(() => Int, {
    nullable: true,
    description: 'From -1,000 to 1,000; 0 at first. The highest is looked at first.',
  })
  priority?: number | null;

  @Field(() => FailModeEnum, { nullable: true, description: 'OPEN at first.' })
  failMode?: FailMode | null;

  @Field(() => Date, { nullable: true, description: 'From then on it counts.' })
  validFrom?: Date | null;

  @Field(() => Date, { nullable: true, description: 'From then on it counts no more.' })
  validUntil?: Date | null;
}

@InputType({ description: 'A rule that is not saved.' })
export class RuleDraftInput extends RuleSettingsInput {
  @Field(() => String, { description: atMost(RULE_LIMITS.name) })
  name!: string;

  @Field(() => RuleStageEnum)
  stage!: RuleStage;

  @Field(() => [RuleActionInput], { description: 'What is done, in order. At most 10.' })
  actions!: RuleActionInput[];
}

@InputType({ description: 'A rule that is to be made.' })
export class CreateRuleInput extends RuleDraftInput {
  @Field(() => Boolean, { nullable: true, defaultValue: true, description: 'Whether it is in force at once.' })
  enabled?: boolean | null;

  @Field(() => String, { nullable: true, description: `Why it is made. ${atMost(RULE_LIMITS.note)}` })
  note?: string | null;
}

@InputType({ description: 'What is left out stays as it is; null takes a setting away.' })
export class UpdateRuleInput extends RuleSettingsInput {
  @Field(() => ID)
  ruleId!: string;

  @Field(() => Int, { nullable: true, description: 'CONFLICT where the rule is at another version.' })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: atMost(RULE_LIMITS.name) })
  name?: string | null;

  @Field(() => RuleStageEnum, { nullable: true })
  stage?: RuleStage | null;

  @Field(() => [RuleActionInput], { nullable: true, description: 'What is done, in order. At most 10.' })
  actions?: RuleActionInput[] | null;

  @Field(() => String, { nullable: true, description: `Why it is changed. ${atMost(RULE_LIMITS.note)}` })
  note?: string | null;
}

@InputType({ description: 'Which version a rule goes back to.' })
export class RollBackRuleInput {
  @Field(() => ID)
  ruleId!: string;

  @Field(() => Int, { description: 'The number of the version to go back to.' })
  version!: number;

  @Field(() => String, { nullable: true, description: `Why. ${atMost(RULE_LIMITS.note)}` })
  note?: string | null;
}

@InputType({ description: 'Which rule to put into force.' })
export class EnableRuleInput {
  @Field(() => ID)
  ruleId!: string;
}

@InputType({ description: 'Which rule to take out of force.' })
export class DisableRuleInput {
  @Field(() => ID)
  ruleId!: string;
}

@InputType({ description: 'Which rule to delete.' })
export class DeleteRuleInput {
  @Field(() => ID)
  ruleId!: string;
}
