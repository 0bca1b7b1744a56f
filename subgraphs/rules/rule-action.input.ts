import { Field, ID, InputType, Int } from 'type-graphql';
import type { PriorityLevel, RouteStrategy, RuleDetector } from '#core/rule/rule-action';
import { DetectorEnum, PriorityLevelEnum, RouteStrategyEnum, RuleExpiryEnum } from './rule.enum.ts';

@InputType({ description: 'It goes no further; nothing that comes after it is looked at.' })
export class BlockActionInput {
  @Field(() => String, { description: 'What people are told. At most 1,000 characters.' })
  message!: string;
}

@InputType({ description: 'What is found is put out of sight: give a detector or a pattern.' })
export class RedactActionInput {
  @Field(() => [DetectorEnum], { nullable: true })
  detectors?: RuleDetector[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Regular expressions of JavaScript, with the flag `u`; at most 20, each of at most 200 characters.',
  })
  patterns?: string[] | null;

  @Field(() => String, { nullable: true, defaultValue: '[redacted]', description: 'What is put in its place.' })
  replacement?: string | null;
}

@InputType({ description: 'Another text is put in the place of the whole.' })
export class ReplaceActionInput {
  @Field(() => String, { description: 'At most 10,000 characters.' })
  with!: string;
}

@InputType({ description: 'A person has to agree first.' })
export class RequireApprovalActionInput {
  @Field(() => String, {
    nullable: true,
    description: 'The role that whoever decides must have: the name of a built-in one, or the id of a custom one.',
  })
  role?: string | null;

  @Field(() => Int, { nullable: true, defaultValue: 86_400, description: 'At most 30 days.' })
  expiresInSeconds?: number | null;

  @Field(() => RuleExpiryEnum, { nullable: true, defaultValue: 'REJECT' })
  onExpiry?: string | null;
}

@InputType({ description: 'Who can be made to answer: give either an agent or a person.' })
export class RouteTargetInput {
  @Field(() => ID, { nullable: true, description: 'An agent or a team.' })
  agentId?: string | null;

  @Field(() => ID, { nullable: true, description: 'A person, who answers in place of the agents.' })
  userId?: string | null;

  @Field(() => Int, { nullable: true, defaultValue: 1, description: '1 to 1,000: with WEIGHTED, against the others.' })
  weight?: number | null;
}

@InputType({ description: 'Who answers.' })
export class RouteActionInput {
  @Field(() => [RouteTargetInput], { description: 'At most 20.' })
  to!: RouteTargetInput[];

  @Field(() => RouteStrategyEnum, { nullable: true, defaultValue: 'FIRST' })
  strategy?: RouteStrategy | null;
}

@InputType({ description: 'How soon what the conversation asks for is worked on.' })
export class SetPriorityActionInput {
  @Field(() => PriorityLevelEnum)
  level!: PriorityLevel;
}

@InputType({ description: 'Tags are put on the conversation.' })
export class TagActionInput {
  @Field(() => [String], { description: 'At most 20, each of at most 50 letters, digits, `-`, `_`, `.` and `:`.' })
  tags!: string[];
}

@InputType({ description: 'People are told: give persons or roles.' })
export class NotifyActionInput {
  @Field(() => [ID], { nullable: true, description: 'At most 50.' })
  userIds?: string[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Whoever has one of these roles: names of built-in ones, ids of custom ones. At most 10.',
  })
  roles?: string[] | null;

  @Field(() => String, { description: 'At most 1,000 characters.' })
  message!: string;
}

@InputType({ description: 'An agent or a team gets something to do beside the conversation.' })
export class StartTaskActionInput {
  @Field(() => ID)
  agentId!: string;

  @Field(() => String, { description: 'At most 10,000 characters.' })
  input!: string;
}

@InputType({ description: 'Nobody writes in the conversation any more.' })
export class EndConversationActionInput {
  @Field(() => String, { description: 'What people are told. At most 1,000 characters.' })
  message!: string;
}

@InputType({ description: 'What a rule does: give exactly one of them.' })
export class RuleActionInput {
  @Field(() => Boolean, { nullable: true, description: 'True: nothing that comes after it is looked at.' })
  allow?: boolean | null;

  @Field(() => BlockActionInput, { nullable: true })
  block?: BlockActionInput | null;

  @Field(() => RedactActionInput, { nullable: true })
  redact?: RedactActionInput | null;

  @Field(() => ReplaceActionInput, { nullable: true })
  replace?: ReplaceActionInput | null;

  @Field(() => RequireApprovalActionInput, { nullable: true })
  requireApproval?: RequireApprovalActionInput | null;

  @Field(() => RouteActionInput, { nullable: true })
  route?: RouteActionInput | null;

  @Field(() => SetPriorityActionInput, { nullable: true })
  setPriority?: SetPriorityActionInput | null;

  @Field(() => TagActionInput, { nullable: true })
  tag?: TagActionInput | null;

  @Field(() => NotifyActionInput, { nullable: true })
  notify?: NotifyActionInput | null;

  @Field(() => StartTaskActionInput, { nullable: true })
  startTask?: StartTaskActionInput | null;

  @Field(() => EndConversationActionInput, { nullable: true })
  endConversation?: EndConversationActionInput | null;
}
