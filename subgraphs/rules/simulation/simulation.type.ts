import { GraphQLJSONObject } from 'graphql-scalars';
import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { RuleStage } from '#core/rule/rule';
import type { RuleOutcome, RuleResult } from '#core/rule/rule-decision';
import { RuleOutcomeEnum, RuleResultEnum, RuleStageEnum } from '../rule.enum.ts';
import { RuleDraftInput } from '../rule.input.ts';
import { RuleWarningType } from '../rule.type.ts';
import { RuleActionUnion } from '../rule-action.type.ts';

/** The messages that one simulation goes through. */
export const MAX_SIMULATED = 50;

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Message', { simpleResolvers: true })
export class MessageReferenceType {
  @Field(() => ID)
  id!: string;
}

@InputType({ description: 'The newest messages of a conversation that you may read.' })
export class SimulatedMessagesInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => Int, { description: `At most ${MAX_SIMULATED}.` })
  last!: number;
}

@InputType({ description: 'What to ask the rules about: facts, or messages that there are.' })
export class SimulateRulesInput {
  @Field(() => RuleStageEnum)
  stage!: RuleStage;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description:
      'By the names of `ruleFacts`. What is left out is empty, the time the present. `agentId`, `roomId` and `tool` say which scopes are meant.',
  })
  facts?: Record<string, unknown> | null;

  @Field(() => SimulatedMessagesInput, {
    nullable: true,
    description:
      'At the stages INPUT and ROUTING what people wrote, at the stage OUTPUT what agents said. `facts` go before what the messages say.',
  })
  messages?: SimulatedMessagesInput | null;

  @Field(() => RuleDraftInput, { nullable: true, description: 'A rule that is not saved, beside those in force.' })
  draft?: RuleDraftInput | null;

  @Field(() => ID, { nullable: true, description: 'The rule in whose place the draft is put.' })
  insteadOf?: string | null;
}

@ObjectType('DecidingRule', {
  simpleResolvers: true,
  description: 'A rule as it was when it decided: it may have been changed or deleted since.',
})
export class DecidingRuleType {
  @Field(() => ID)
  ruleId!: string;

  @Field(() => ID)
  versionId!: string;

  @Field(() => Int)
  version!: number;

  @Field(() => String)
  name!: string;
}

@ObjectType('AppliedRuleAction', { simpleResolvers: true, description: 'What is to be done, and which rule wants it.' })
export class AppliedRuleActionType {
  @Field(() => DecidingRuleType)
  rule!: DecidingRuleType;

  @Field(() => RuleActionUnion)
  action!: object;
}

@ObjectType('MatchedRule', { simpleResolvers: true, description: 'A rule that counts, and what it wants.' })
export class MatchedRuleType {
  @Field(() => DecidingRuleType)
  rule!: DecidingRuleType;

  @Field(() => [RuleActionUnion])
  actions!: object[];
}

@ObjectType('RuleTrace', { simpleResolvers: true, description: 'What became of one rule.' })
export class RuleTraceType {
  @Field(() => DecidingRuleType)
  rule!: DecidingRuleType;

  @Field(() => RuleResultEnum)
  result!: RuleResult;

  @Field(() => String, { description: 'In words.' })
  why!: string;

  @Field(() => String, { nullable: true, description: 'With FAILED: what is wrong with the condition, and where.' })
  error!: string | null;
}

@ObjectType('SimulatedDecision', { simpleResolvers: true, description: 'What the rules would decide.' })
export class SimulatedDecisionType {
  @Field(() => MessageReferenceType, { nullable: true, description: 'The message that they were asked about, if any.' })
  message!: MessageReferenceType | null;

  @Field(() => GraphQLJSONObject, { description: 'What they were asked about.' })
  facts!: Record<string, unknown>;

  @Field(() => RuleOutcomeEnum)
  outcome!: RuleOutcome;

  @Field(() => [AppliedRuleActionType], {
    description: 'What would be done, in order. What a rule of higher priority has decided otherwise is left out.',
  })
  actions!: AppliedRuleActionType[];

  @Field(() => [MatchedRuleType], { description: 'Every rule that counts, in order.' })
  matched!: MatchedRuleType[];

  @Field(() => [RuleTraceType], { description: 'Every rule of the stage and the scopes at hand, in order.' })
  trace!: RuleTraceType[];

  @Field(() => Int, { description: 'How long it took, in microseconds.' })
  micros!: number;
}

@ObjectType('RuleSimulation', { simpleResolvers: true, description: 'What rules would decide; nothing of it is done.' })
export class RuleSimulationType {
  @Field(() => [RuleWarningType], { description: 'What is doubtful about the draft beside the rules in force.' })
  warnings!: RuleWarningType[];

  @Field(() => [SimulatedDecisionType], { description: 'One, or one for each message, the oldest first.' })
  results!: SimulatedDecisionType[];
}
