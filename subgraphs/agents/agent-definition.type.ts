import { GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';
import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { LimitAction, OwnLimits } from '#core/agent/run-limits';
import type { TeamDefinition } from '#core/agent/team-definition';
import { type AgentKind, THINKING_EFFORTS, type ThinkingEffort } from './agent-definition.ts';
import { AgentTeamType } from './team/team.type.ts';

export const AgentKindEnum = { MODEL: 'MODEL', TEAM: 'TEAM' } as const;

registerEnumType(AgentKindEnum, {
  name: 'AgentKind',
  description: 'What stands behind an agent.',
  valuesConfig: {
    MODEL: { description: 'One language model with instructions.' },
    TEAM: { description: 'Several agents that work together by a pattern.' },
  },
});

export const ThinkingEffortEnum = Object.fromEntries(THINKING_EFFORTS.map((effort) => [effort, effort])) as {
  [Effort in ThinkingEffort]: Effort;
};

registerEnumType(ThinkingEffortEnum, {
  name: 'ThinkingEffort',
  description: 'How much a model thinks before it answers, where it is not said in tokens.',
});

@ObjectType('AgentThinking', {
  simpleResolvers: true,
  description: 'How much a model thinks before it answers: a budget or an effort, whichever it understands.',
})
export class AgentThinkingType {
  @Field(() => Int, { nullable: true, description: 'In tokens; 0 turns thinking off, -1 lets the model choose.' })
  budgetTokens!: number | null;

  @Field(() => ThinkingEffortEnum, { nullable: true })
  effort!: ThinkingEffort | null;
}

export const ApprovalRuleEnum = { NEVER: 'NEVER', ALWAYS: 'ALWAYS', WHEN: 'WHEN' } as const;

registerEnumType(ApprovalRuleEnum, {
  name: 'ApprovalRule',
  description: 'Which calls of a tool a person has to allow.',
  valuesConfig: {
    NEVER: { description: 'None.' },
    ALWAYS: { description: 'Every one.' },
    WHEN: { description: 'Those for which the condition is true, or cannot be evaluated.' },
  },
});

export const ExpiryDecisionEnum = { APPROVE: 'APPROVE', REJECT: 'REJECT' } as const;

registerEnumType(ExpiryDecisionEnum, {
  name: 'ExpiryDecision',
  description: 'What becomes of a call that nobody decided about in time.',
});

@ObjectType('ToolApproval', { simpleResolvers: true, description: 'Which calls of a tool a person has to allow.' })
export class ToolApprovalType {
  @Field(() => ApprovalRuleEnum)
  rule!: 'NEVER' | 'ALWAYS' | 'WHEN';

  @Field(() => String, {
    nullable: true,
    description: 'With WHEN: an expression over `args`, `tool`, `agent` and `input`.',
  })
  condition!: string | null;

  @Field(() => String, { nullable: true, description: 'The role that whoever decides must have.' })
  role!: string | null;

  @Field(() => Int)
  expiresInSeconds!: number;

  @Field(() => ExpiryDecisionEnum)
  onExpiry!: 'APPROVE' | 'REJECT';
}

@ObjectType('AgentTool', { simpleResolvers: true, description: 'A tool that an agent may call.' })
export class AgentToolType {
  @Field(() => String)
  name!: string;

  @Field(() => ToolApprovalType, { nullable: true, description: 'Null: as the tool says by `Tool.needsApproval`.' })
  approval!: ToolApprovalType | null;
}

export const LimitActionEnum = { STOP: 'STOP', SUMMARISE: 'SUMMARISE', ESCALATE: 'ESCALATE' } as const;

registerEnumType(LimitActionEnum, {
  name: 'LimitAction',
  description: 'What happens when a limit is met.',
  valuesConfig: {
    STOP: { description: 'The work ends, with what it has.' },
    SUMMARISE: { description: 'The model writes a closing answer, for which something was kept back.' },
    ESCALATE: { description: 'A person is asked whether it may go on by as much again.' },
  },
});

@ObjectType('AgentLimits', {
  simpleResolvers: true,
  description:
    'How far the runs of an agent may go. What is null is inherited from whoever it works for, or has the default that `AgentLimitsInput` tells.',
})
export class AgentLimitsType {
  @Field(() => Int, { nullable: true, description: 'Calls of its model before it has answered.' })
  maxTurns?: number | undefined;

  @Field(() => Int, { nullable: true, description: 'Steps of all kinds.' })
  maxSteps?: number | undefined;

  @Field(() => Int, {
    nullable: true,
    description:
      'Agents that work for one another, itself included; in a group chat, turns of agents that mention one another before a person has to write.',
  })
  maxDepth?: number | undefined;

  @Field(() => Int, { nullable: true, description: 'Times that the conversation is handed on.' })
  maxHandoffs?: number | undefined;

  @Field(() => Int, { nullable: true, description: 'Milliseconds of work, without waiting for people.' })
  maxWallMs?: number | undefined;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Tokens of all calls.' })
  maxTokens?: number | undefined;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Micro-USD, once models have prices.' })
  maxCostMicros?: number | undefined;

  @Field(() => Int, {
    nullable: true,
    description: 'Calls of models and tools under way at the same time, those of everybody who works for it included.',
  })
  maxParallel?: number | undefined;

  @Field(() => Int, { nullable: true, description: 'Calls of tools.' })
  maxToolCalls?: number | undefined;

  @Field(() => Int, { nullable: true, description: 'Milliseconds of one call of a model or a tool.' })
  stepTimeoutMs?: number | undefined;

  @Field(() => LimitActionEnum, { nullable: true, description: 'Null for STOP.' })
  onLimit?: LimitAction | undefined;
}

@ObjectType('AgentDefinition', { simpleResolvers: true, description: 'What makes an agent answer as it does.' })
export class AgentDefinitionType {
  @Field(() => AgentKindEnum)
  kind!: AgentKind;

  @Field(() => String, { description: 'What the model is told above every conversation.' })
  instructions!: string;

  @Field(() => String, { nullable: true, description: 'Null for the default of the server; see `models`.' })
  model!: string | null;

  @Field(() => Float, { nullable: true, description: '0 to 2; null for the default of the model.' })
  temperature!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The longest answer, thinking included; null for no bound of ours.',
  })
  maxOutputTokens!: number | null;

  @Field(() => AgentThinkingType, { nullable: true, description: 'Null for the default of the model.' })
  thinking!: AgentThinkingType | null;

  @Field(() => String, { nullable: true, description: 'What a client can show before anybody has written.' })
  greeting!: string | null;

  @Field(() => [AgentToolType], { description: 'The tools that it may call.' })
  tools!: AgentToolType[];

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'JSON Schema of its answer; null where it is text.' })
  outputSchema!: Record<string, unknown> | null;

  @Field(() => AgentLimitsType, { description: 'How far its runs may go.' })
  limits!: OwnLimits;

  @Field(() => AgentTeamType, { nullable: true, description: 'How its agents work together, where it is a team.' })
  team!: TeamDefinition | null;

  @Field(() => GraphQLJSONObject, { description: 'Texts by key, for clients: Parley does not read them.' })
  metadata!: Record<string, string>;
}
