import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import type { RuleStage } from '#core/rule/rule';
import type { RuleOutcome } from '#core/rule/rule-decision';
import { RouteTargetKindEnum, RuleActionKindEnum, RuleOutcomeEnum, RuleStageEnum } from '../rule.enum.ts';
import { AgentReferenceType, ConversationReferenceType, UserReferenceType } from '../rule-action.type.ts';
import { DecidingRuleType, MessageReferenceType } from '../simulation/simulation.type.ts';

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Run', { simpleResolvers: true })
export class RunReferenceType {
  @Field(() => ID)
  id!: string;
}

@InputType('RuleDecisionFilter', {
  description: 'Which decisions to list. Parts that are left out do not narrow the list.',
})
export class RuleDecisionFilterInput {
  @Field(() => ID, { nullable: true, description: 'Of a rule, deleted or not.' })
  ruleId?: string | null;

  @Field(() => ID, { nullable: true })
  conversationId?: string | null;

  @Field(() => ID, { nullable: true })
  runId?: string | null;

  @Field(() => RuleStageEnum, { nullable: true })
  stage?: RuleStage | null;

  @Field(() => RuleOutcomeEnum, { nullable: true })
  outcome?: RuleOutcome | null;
}

@ObjectType('RuleReason', { simpleResolvers: true, description: 'The part of one rule in a decision.' })
export class RuleReasonType {
  @Field(() => DecidingRuleType)
  rule!: DecidingRuleType;

  @Field(() => Boolean, { description: 'Whether it counted: false where its condition could not be evaluated.' })
  counts!: boolean;

  @Field(() => String, { description: 'In words.' })
  why!: string;

  @Field(() => String, { nullable: true, description: 'What was wrong with the condition, if anything.' })
  error!: string | null;

  @Field(() => [RuleActionKindEnum], { description: 'What it wanted.' })
  actions!: string[];
}

@ObjectType('RoutingCandidate', { simpleResolvers: true, description: 'Somebody who could have been chosen.' })
export class RoutingCandidateType {
  @Field(() => RouteTargetKindEnum)
  kind!: string;

  @Field(() => String)
  name!: string;

  @Field(() => AgentReferenceType, { nullable: true })
  agent!: AgentReferenceType | null;

  @Field(() => UserReferenceType, { nullable: true })
  user!: UserReferenceType | null;

  @Field(() => Int, { nullable: true, description: 'What it had under way; null where nobody looked.' })
  running!: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether its model kept failing; null where nobody looked.' })
  isFailing!: boolean | null;

  @Field(() => String, { nullable: true, description: 'Why it was passed over; null where it was not.' })
  passedOver!: string | null;
}

@ObjectType('RuleRouting', { simpleResolvers: true, description: 'How it came to who answers.' })
export class RuleRoutingType {
  @Field(() => AgentReferenceType, { nullable: true, description: 'The agent that was chosen, if one was.' })
  agent!: AgentReferenceType | null;

  @Field(() => UserReferenceType, { nullable: true, description: 'The person who was chosen, if one was.' })
  user!: UserReferenceType | null;

  @Field(() => String)
  strategy!: string;

  @Field(() => [RoutingCandidateType])
  candidates!: RoutingCandidateType[];

  @Field(() => [String], { description: 'In words.' })
  reasons!: string[];
}

@ObjectType('RuleDecision', {
  simpleResolvers: true,
  description: 'What rules have decided at one moment, and why. Kept where a rule counted or could not be evaluated.',
})
export class RuleDecisionType {
  @Field(() => ID)
  id!: string;

  @Field(() => RuleStageEnum)
  stage!: RuleStage;

  @Field(() => RuleOutcomeEnum)
  outcome!: RuleOutcome;

  @Field(() => ConversationReferenceType, { nullable: true })
  conversation!: ConversationReferenceType | null;

  @Field(() => RunReferenceType, { nullable: true })
  run!: RunReferenceType | null;

  @Field(() => MessageReferenceType, { nullable: true })
  message!: MessageReferenceType | null;

  @Field(() => AgentReferenceType, { nullable: true })
  agent!: AgentReferenceType | null;

  @Field(() => String, { nullable: true, description: 'At the stage TOOL_CALL: its name.' })
  tool!: string | null;

  @Field(() => [RuleReasonType], { description: 'Every rule that counted or could not be evaluated, in order.' })
  reasons!: RuleReasonType[];

  @Field(() => RuleRoutingType, { nullable: true, description: 'At the stage ROUTING.' })
  routing!: RuleRoutingType | null;

  @Field(() => Int, { description: 'How long it took, in microseconds.' })
  micros!: number;

  @Field(() => Date)
  decidedAt!: Date;
}

@ObjectType('RuleDecisionEdge', { simpleResolvers: true, description: 'A decision and where it stands in the list.' })
export class RuleDecisionEdge extends edgeOf(() => RuleDecisionType) {}

@ObjectType('RuleDecisionConnection', { simpleResolvers: true, description: 'A page of decisions, newest first.' })
export class RuleDecisionConnection extends connectionOf(
  () => RuleDecisionEdge,
  () => RuleDecisionType,
) {}

@ObjectType('RuleNotice', { simpleResolvers: true, description: 'What a rule tells you.' })
export class RuleNoticeType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  message!: string;

  @Field(() => String, { description: 'The name of the rule, as it was.' })
  ruleName!: string;

  @Field(() => ConversationReferenceType, { nullable: true, description: 'What it is about, which you may not be in.' })
  conversation!: ConversationReferenceType | null;

  @Field(() => Date)
  createdAt!: Date;

  @Field(() => Date, { nullable: true })
  readAt!: Date | null;
}

@ObjectType('RuleNoticeEdge', { simpleResolvers: true, description: 'A notice and where it stands in the list.' })
export class RuleNoticeEdge extends edgeOf(() => RuleNoticeType) {}

@ObjectType('RuleNoticeConnection', { simpleResolvers: true, description: 'A page of notices, newest first.' })
export class RuleNoticeConnection extends connectionOf(
  () => RuleNoticeEdge,
  () => RuleNoticeType,
) {}

@InputType({ description: 'Which notices you have read.' })
export class MarkRuleNoticesReadInput {
  @Field(() => ID, { description: 'This one and all before it.' })
  upToId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'That notices were marked.' })
export class MarkRuleNoticesReadPayload {
  @Field(() => Int, { description: 'How many of them were not read before.' })
  marked!: number;
}
