import { createUnionType, Directive, Field, ID, Int, ObjectType } from 'type-graphql';
import type { PriorityLevel, RouteStrategy, RuleAction, RuleDetector } from '#core/rule/rule-action';
import {
  DetectorEnum,
  PriorityLevelEnum,
  RouteStrategyEnum,
  RouteTargetKindEnum,
  RuleExpiryEnum,
} from './rule.enum.ts';

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('User', { simpleResolvers: true })
export class UserReferenceType {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Agent', { simpleResolvers: true })
export class AgentReferenceType {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Conversation', { simpleResolvers: true })
export class ConversationReferenceType {
  @Field(() => ID)
  id!: string;
}

@ObjectType('AllowAction', { description: 'Nothing that comes after it is looked at.' })
export class AllowActionType {
  @Field(() => Boolean, { description: 'Always true.' })
  allow!: boolean;
}

@ObjectType('BlockAction', { description: 'It goes no further; nothing that comes after it is looked at.' })
export class BlockActionType {
  @Field(() => String, { description: 'What people are told.' })
  message!: string;
}

@ObjectType('RedactAction', { description: 'What is found is put out of sight.' })
export class RedactActionType {
  @Field(() => [DetectorEnum])
  detectors!: RuleDetector[];

  @Field(() => [String], { description: 'Regular expressions of JavaScript, with the flag `u`.' })
  patterns!: string[];

  @Field(() => String, { description: 'What is put in its place.' })
  replacement!: string;
}

@ObjectType('ReplaceAction', { description: 'Another text is put in the place of the whole.' })
export class ReplaceActionType {
  @Field(() => String)
  with!: string;
}

@ObjectType('RequireApprovalAction', { description: 'A person has to agree first.' })
export class RequireApprovalActionType {
  @Field(() => String, {
    nullable: true,
    description: 'The role that whoever decides must have: the name of a built-in one, or the id of a custom one.',
  })
  role!: string | null;

  @Field(() => Int)
  expiresInSeconds!: number;

  @Field(() => RuleExpiryEnum)
  onExpiry!: string;
}

@ObjectType('RouteTarget', { description: 'Who can be made to answer.' })
export class RouteTargetType {
  @Field(() => RouteTargetKindEnum)
  kind!: 'AGENT' | 'USER';

  @Field(() => AgentReferenceType, { nullable: true, description: 'An agent or a team.' })
  agent!: AgentReferenceType | null;

  @Field(() => UserReferenceType, { nullable: true, description: 'A person, who answers in place of the agents.' })
  user!: UserReferenceType | null;

  @Field(() => Int, { description: 'With WEIGHTED: how often it is chosen, against the others.' })
  weight!: number;
}

@ObjectType('RouteAction', { description: 'Who answers.' })
export class RouteActionType {
  @Field(() => [RouteTargetType])
  to!: RouteTargetType[];

  @Field(() => RouteStrategyEnum)
  strategy!: RouteStrategy;
}

@ObjectType('SetPriorityAction', { description: 'How soon what the conversation asks for is worked on.' })
export class SetPriorityActionType {
  @Field(() => PriorityLevelEnum)
  level!: PriorityLevel;
}

@ObjectType('TagAction', { description: 'Tags are put on the conversation.' })
export class TagActionType {
  @Field(() => [String])
  tags!: string[];
}

@ObjectType('NotifyAction', { description: 'People are told.' })
export class NotifyActionType {
  @Field(() => [UserReferenceType])
  users!: UserReferenceType[];

  @Field(() => [String], { description: 'Whoever has one of these roles: names of built-in ones, ids of custom ones.' })
  roles!: string[];

  @Field(() => String)
  message!: string;
}

@ObjectType('StartTaskAction', { description: 'An agent or a team gets something to do beside the conversation.' })
export class StartTaskActionType {
  @Field(() => AgentReferenceType)
  agent!: AgentReferenceType;

  @Field(() => String)
  input!: string;
}

@ObjectType('EndConversationAction', {
  description: 'Nobody writes in the conversation any more; nothing that comes after it is looked at.',
})
export class EndConversationActionType {
  @Field(() => String, { description: 'What people are told.' })
  message!: string;
}

const TYPES = {
  ALLOW: 'AllowAction',
  BLOCK: 'BlockAction',
  REDACT: 'RedactAction',
  REPLACE: 'ReplaceAction',
  REQUIRE_APPROVAL: 'RequireApprovalAction',
  ROUTE: 'RouteAction',
  SET_PRIORITY: 'SetPriorityAction',
  TAG: 'TagAction',
  NOTIFY: 'NotifyAction',
  START_TASK: 'StartTaskAction',
  END_CONVERSATION: 'EndConversationAction',
} as const satisfies Record<RuleAction['kind'], string>;

export const RuleActionUnion = createUnionType({
  name: 'RuleAction',
  description: 'What a rule does where its condition is true.',
  types: () =>
    [
      AllowActionType,
      BlockActionType,
      RedactActionType,
      ReplaceActionType,
      RequireApprovalActionType,
      RouteActionType,
      SetPriorityActionType,
      TagActionType,
      NotifyActionType,
      StartTaskActionType,
      EndConversationActionType,
    ] as const,
  resolveType: (value: unknown) => TYPES[(value as { kind: RuleAction['kind'] }).kind],
});

/** An action as clients see it. */
export function presentAction(action: RuleAction): object {
  switch (action.kind) {
    case 'ALLOW':
      return { kind: action.kind, allow: true };
    case 'ROUTE':
      return {
        ...action,
        to: action.to.map(({ kind, id, weight }) => ({
          kind,
          weight,
          agent: kind === 'AGENT' ? { id } : null,
          user: kind === 'USER' ? { id } : null,
        })),
      };
    case 'NOTIFY':
      return { ...action, users: action.userIds.map((id) => ({ id })) };
    case 'START_TASK':
      return { ...action, agent: { id: action.agentId } };
    default:
      return action;
  }
}
