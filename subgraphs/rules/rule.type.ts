import { GraphQLJSON } from 'graphql-scalars';
import { Directive, Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import type { FailMode, RuleJudge, RuleScopeKind, RuleStage } from '#core/rule/rule';
import {
  FailModeEnum,
  RuleChangeKindEnum,
  RuleScopeKindEnum,
  RuleStageEnum,
  RuleWarningCodeEnum,
} from './rule.enum.ts';
import {
  AgentReferenceType,
  ConversationReferenceType,
  RuleActionUnion,
  UserReferenceType,
} from './rule-action.type.ts';
import type { RuleChange } from './rule-diff.ts';
import type { RuleWarning } from './rule-warning.ts';

@ObjectType('RuleScope', { simpleResolvers: true, description: 'What a rule is about.' })
export class RuleScopeType {
  @Field(() => RuleScopeKindEnum)
  kind!: RuleScopeKind;

  @Field(() => AgentReferenceType, { nullable: true, description: 'With AGENT.' })
  agent!: AgentReferenceType | null;

  @Field(() => ConversationReferenceType, { nullable: true, description: 'With CONVERSATION.' })
  conversation!: ConversationReferenceType | null;

  @Field(() => String, { nullable: true, description: 'With TOOL: its name.' })
  tool!: string | null;
}

@ObjectType('RuleJudge', {
  simpleResolvers: true,
  description: 'A model that is asked whether a rule applies, once its condition is true.',
})
export class RuleJudgeType {
  @Field(() => String, { description: 'About what the rule is asked about; answered by yes or no.' })
  question!: string;

  @Field(() => String, { nullable: true, description: 'Null for the default of the server.' })
  model!: string | null;
}

@ObjectType({ simpleResolvers: true })
abstract class RuleContentType {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  description!: string;

  @Field(() => RuleStageEnum)
  stage!: RuleStage;

  @Field(() => RuleScopeType)
  scope!: RuleScopeType;

  @Field(() => String, {
    description: 'In the Common Expression Language, over the facts of the stage: see `ruleFacts`.',
  })
  condition!: string;

  @Field(() => RuleJudgeType, { nullable: true })
  judge!: RuleJudge | null;

  @Field(() => [RuleActionUnion], { description: 'What is done where the condition is true, in order.' })
  actions!: object[];

  @Field(() => Int, { description: 'Rules of higher priority are looked at first, of equal ones the older.' })
  priority!: number;

  @Field(() => FailModeEnum)
  failMode!: FailMode;

  @Field(() => Date, { nullable: true, description: 'From then on it counts; null for always.' })
  validFrom!: Date | null;

  @Field(() => Date, { nullable: true, description: 'From then on it counts no more; null for never.' })
  validUntil!: Date | null;
}

@ObjectType('RuleVersion', { simpleResolvers: true, description: 'A rule as it was at one time: never changed.' })
export class RuleVersionType extends RuleContentType {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { description: 'From 1 on, without a gap.' })
  number!: number;

  @Field(() => String, { description: 'Why it was changed, in the words of its author.' })
  note!: string;

  @Field(() => UserReferenceType, { description: 'Who changed it.' })
  author!: UserReferenceType;

  @Field(() => Int, { nullable: true, description: 'The number of the version that a roll back brought back.' })
  restoredFrom!: number | null;

  @Field(() => Date)
  createdAt!: Date;
}

@ObjectType('RuleVersionEdge', { simpleResolvers: true, description: 'A version and where it stands in the list.' })
export class RuleVersionEdge extends edgeOf(() => RuleVersionType) {}

@ObjectType('RuleVersionConnection', { simpleResolvers: true, description: 'A page of versions, newest first.' })
export class RuleVersionConnection extends connectionOf(
  () => RuleVersionEdge,
  () => RuleVersionType,
) {}

@Directive('@key(fields: "id")')
@ObjectType('Rule', {
  simpleResolvers: true,
  description: 'What is done where a condition is true, at one stage of a conversation.',
})
export class RuleType extends RuleContentType {
  @Field(() => ID)
  id!: string;

  @Field(() => Boolean, { description: 'Whether it is in force, within `validFrom` and `validUntil`.' })
  enabled!: boolean;

  @Field(() => Int, { description: 'The number of the newest version: what `expectedVersion` is compared with.' })
  version!: number;

  @Field(() => UserReferenceType)
  createdBy!: UserReferenceType;

  @Field(() => Date)
  createdAt!: Date;

  @Field(() => Date)
  updatedAt!: Date;
}

@ObjectType('RuleEdge', { simpleResolvers: true, description: 'A rule and where it stands in the list.' })
export class RuleEdge extends edgeOf(() => RuleType) {}

@ObjectType('RuleConnection', {
  simpleResolvers: true,
  description: 'A page of rules in the order in which they are looked at, stage by stage.',
})
export class RuleConnection extends connectionOf(
  () => RuleEdge,
  () => RuleType,
) {}

@ObjectType('RuleWarning', {
  simpleResolvers: true,
  description: 'Something doubtful about a rule beside another one.',
})
export class RuleWarningType {
  @Field(() => RuleWarningCodeEnum)
  code!: RuleWarning['code'];

  @Field(() => String)
  message!: string;

  @Field(() => ID, { description: 'The other rule.' })
  ruleId!: string;
}

@ObjectType('RuleChange', { simpleResolvers: true, description: 'One setting that differs between two versions.' })
export class RuleChangeType {
  @Field(() => String, { description: 'Such as `condition`, `scope.of` or `actions.0.message`.' })
  path!: string;

  @Field(() => RuleChangeKindEnum)
  kind!: RuleChange['kind'];

  @Field(() => GraphQLJSON, { nullable: true, description: 'Null where it was ADDED.' })
  before!: unknown;

  @Field(() => GraphQLJSON, { nullable: true, description: 'Null where it was REMOVED.' })
  after!: unknown;
}

@ObjectType('RuleVersionDiff', { simpleResolvers: true, description: 'What leads from one version to another.' })
export class RuleVersionDiffType {
  @Field(() => Int)
  from!: number;

  @Field(() => Int)
  to!: number;

  @Field(() => [RuleChangeType], { description: 'Empty where both are alike.' })
  changes!: RuleChangeType[];
}

@ObjectType('RuleFact', { simpleResolvers: true, description: 'One thing that conditions of a stage may be about.' })
export class RuleFactType {
  @Field(() => String)
  name!: string;

  @Field(() => String, { description: 'In the Common Expression Language.' })
  type!: string;

  @Field(() => String)
  description!: string;
}
