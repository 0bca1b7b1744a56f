import { Field, ID, ObjectType } from 'type-graphql';
import { RuleType, RuleWarningType } from './rule.type.ts';

@ObjectType({ simpleResolvers: true })
abstract class ChangedRulePayload {
  @Field(() => RuleType)
  rule!: RuleType;

  @Field(() => [RuleWarningType], { description: 'What is doubtful about it beside the rules in force.' })
  warnings!: RuleWarningType[];
}

@ObjectType({ simpleResolvers: true, description: 'The rule that was made.' })
export class CreateRulePayload extends ChangedRulePayload {}

@ObjectType({ simpleResolvers: true, description: 'The rule after the change.' })
export class UpdateRulePayload extends ChangedRulePayload {}

@ObjectType({ simpleResolvers: true, description: 'The rule after the roll back.' })
export class RollBackRulePayload extends ChangedRulePayload {}

@ObjectType({ simpleResolvers: true, description: 'The rule, in force.' })
export class EnableRulePayload extends ChangedRulePayload {}

@ObjectType({ simpleResolvers: true, description: 'The rule, out of force.' })
export class DisableRulePayload extends ChangedRulePayload {}

@ObjectType({ simpleResolvers: true, description: 'That a rule is gone.' })
export class DeleteRulePayload {
  @Field(() => ID)
  deletedRuleId!: string;
}
