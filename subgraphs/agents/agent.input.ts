import { GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';
import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { AgentStatusEnum } from './agent.type.ts';
import { AGENT_LIMITS, type AgentKind, type ThinkingEffort } from './agent-definition.ts';
import {
  AgentKindEnum,
  ApprovalRuleEnum,
  ExpiryDecisionEnum,
  LimitActionEnum,
  ThinkingEffortEnum,
} from './agent-definition.type.ts';
import type { AgentStatus } from './agent-filter.ts';
import { AgentTeamInput } from './team/team.input.ts';

const atMost = (characters: number) => `At most ${characters.toLocaleString('en')} characters.`;

@InputType('AgentFilter', { description: 'Which agents to list. Parts that are left out do not narrow the list.' })
export class AgentFilterInput {
  @Field(() => String, { nullable: true, description: 'Part of the name or description, in upper or lower case.' })
  search?: string | null;

  @Field(() => AgentStatusEnum, { nullable: true })
  status?: AgentStatus | null;

  @Field(() => AgentKindEnum, { nullable: true, description: 'Single agents or teams alone.' })
  kind?: AgentKind | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Archived agents as well, where `status` is left out.',
  })
  includeArchived?: boolean | null;
}

@InputType('AgentThinkingInput', { description: 'Either a budget or an effort.' })
export class AgentThinkingInput {
  @Field(() => Int, { nullable: true, description: 'In tokens; 0 turns thinking off, -1 lets the model choose.' })
  budgetTokens?: number | null;

  @Field(() => ThinkingEffortEnum, { nullable: true })
  effort?: ThinkingEffort | null;
}

@InputType({ description: 'Which calls of a tool a person has to allow.' })
export class ToolApprovalInput {
  @Field(() => ApprovalRuleEnum)
  rule!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'With WHEN, in the Common Expression Language: over `args` (the arguments), `tool`, `agent` and `input`.',
  })
  condition?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The role that whoever decides must have: the name of a built-in one, or the id of a custom one.',
  })
  role?: string | null;

  @Field(() => Int, { nullable: true, defaultValue: 86_400, description: 'At most 30 days.' })
  expiresInSeconds?: number | null;

  @Field(() => ExpiryDecisionEnum, { nullable: true, defaultValue: 'REJECT' })
  onExpiry?: string | null;
}

@InputType({ description: 'A tool that an agent may call.' })
export class AgentToolInput {
  @Field(() => String)
  name!: string;

  @Field(() => ToolApprovalInput, {
    nullable: true,
    description: 'Left out: as the tool says by `Tool.needsApproval`.',
  })
  approval?: ToolApprovalInput | null;
}

const INHERITED = 'Left out: inherited from whoever it works for, or';

@InputType({
  description:
    'How far the runs of an agent may go. What it hands work to draws from what is left, and never has more.',
})
export class AgentLimitsInput {
  @Field(() => Int, { nullable: true, description: `Calls of its model before it has answered. ${INHERITED} 10.` })
  maxTurns?: number | null;

  @Field(() => Int, { nullable: true, description: `Steps of all kinds. ${INHERITED} 50.` })
  maxSteps?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: `Agents that work for one another, itself included; in a group chat, turns of agents that mention one another before a person has to write. ${INHERITED} 3.`,
  })
  maxDepth?: number | null;

  @Field(() => Int, { nullable: true, description: `Times that the conversation is handed on. ${INHERITED} 8.` })
  maxHandoffs?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: `Milliseconds of work, without waiting for people. ${INHERITED} 30 minutes.`,
  })
  maxWallMs?: number | null;

  @Field(() => GraphQLSafeInt, { nullable: true, description: `Tokens of all calls. ${INHERITED} no bound.` })
  maxTokens?: number | null;

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: `Micro-USD, once models have prices. ${INHERITED} no bound.`,
  })
  maxCostMicros?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: `Calls of models and tools under way at the same time, those of everybody who works for it included. ${INHERITED} 4.`,
  })
  maxParallel?: number | null;

  @Field(() => Int, { nullable: true, description: `Calls of tools. ${INHERITED} 50.` })
  maxToolCalls?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: `Milliseconds of one call of a model or a tool. ${INHERITED} 5 minutes.`,
  })
  stepTimeoutMs?: number | null;

  @Field(() => LimitActionEnum, { nullable: true, defaultValue: 'STOP' })
  onLimit?: string | null;
}

@InputType({ description: 'The settings of an agent.' })
abstract class AgentSettingsInput {
  @Field(() => String, { nullable: true, description: atMost(AGENT_LIMITS.description) })
  description?: string | null;

  @Field(() => String, {
    nullable: true,
    description: `What the model is told above every conversation. ${atMost(AGENT_LIMITS.instructions)}`,
  })
  instructions?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The id of one of `models`, with its provider or without; null for the default of the server.',
  })
  model?: string | null;

  @Field(() => Float, { nullable: true, description: '0 to 2; null for the default of the model.' })
  temperature?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The longest answer, thinking included; null for no bound of ours.',
  })
  maxOutputTokens?: number | null;

  @Field(() => AgentThinkingInput, { nullable: true, description: 'Null for the default of the model.' })
  thinking?: AgentThinkingInput | null;

  @Field(() => String, {
    nullable: true,
    description: `What a client can show before anybody has written. ${atMost(AGENT_LIMITS.greeting)}`,
  })
  greeting?: string | null;

  @Field(() => [AgentToolInput], { nullable: true, description: 'The tools that it may call.' })
  tools?: AgentToolInput[] | null;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'JSON Schema of its answer. It is checked, and the model may mend it once.',
  })
  outputSchema?: Record<string, unknown> | null;

  @Field(() => AgentLimitsInput, { nullable: true, description: 'Replaces all limits that were set before.' })
  limits?: AgentLimitsInput | null;

  @Field(() => AgentTeamInput, { nullable: true, description: 'Makes it a team.' })
  team?: AgentTeamInput | null;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: `Texts by key, for clients: at most ${AGENT_LIMITS.metadataEntries} of ${AGENT_LIMITS.metadataValue} characters.`,
  })
  metadata?: Record<string, unknown> | null;
}

@InputType('CreateAgentInput', { description: 'A new agent. Only the name is required.' })
export class CreateAgentInput extends AgentSettingsInput {
  @Field(() => String, { description: atMost(AGENT_LIMITS.name) })
  name!: string;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: true,
    description: 'Publish it at once, so that it answers. Where that cannot be, it is made as a draft all the same.',
  })
  publish?: boolean | null;

  @Field(() => String, { nullable: true, description: 'Why, for the record of versions.' })
  note?: string | null;
}

const EXPECTED_REVISION =
  'The revision of the draft that the caller saw. Where it has moved on since, the answer is CONFLICT with the present one in `extensions.revision`.';

@InputType('UpdateAgentDraftInput', {
  description: 'What to change of a draft: what is left out stays, null takes a setting away.',
})
export class UpdateAgentDraftInput extends AgentSettingsInput {
  @Field(() => ID)
  agentId!: string;

  @Field(() => Int, { nullable: true, description: EXPECTED_REVISION })
  expectedRevision?: number | null;

  @Field(() => String, { nullable: true, description: atMost(AGENT_LIMITS.name) })
  name?: string | null;
}

@InputType('DiscardAgentDraftInput', { description: 'The draft to make what is published.' })
export class DiscardAgentDraftInput {
  @Field(() => ID)
  agentId!: string;

  @Field(() => Int, { nullable: true, description: EXPECTED_REVISION })
  expectedRevision?: number | null;
}

@InputType('PublishAgentInput', { description: 'The agent whose draft is to become its next version.' })
export class PublishAgentInput {
  @Field(() => ID)
  agentId!: string;

  @Field(() => String, { nullable: true, description: `Why, for the record. ${atMost(AGENT_LIMITS.note)}` })
  note?: string | null;

  @Field(() => Int, { nullable: true, description: EXPECTED_REVISION })
  expectedRevision?: number | null;
}

@InputType('RollBackAgentInput', { description: 'The version to publish again.' })
export class RollBackAgentInput {
  @Field(() => ID)
  agentId!: string;

  @Field(() => Int, { description: 'Its number.' })
  toVersion!: number;

  @Field(() => String, { nullable: true, description: `Why, for the record. ${atMost(AGENT_LIMITS.note)}` })
  note?: string | null;
}

@InputType('ArchiveAgentInput', { description: 'The agent to take out of use.' })
export class ArchiveAgentInput {
  @Field(() => ID)
  agentId!: string;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Also where published teams hold it: there its node cannot work then.',
  })
  force?: boolean | null;
}

@InputType('RestoreAgentInput', { description: 'The archived agent to take into use again.' })
export class RestoreAgentInput {
  @Field(() => ID)
  agentId!: string;
}

@InputType('DuplicateAgentInput', { description: 'The agent whose draft becomes that of a new agent.' })
export class DuplicateAgentInput {
  @Field(() => ID)
  agentId!: string;

  @Field(() => String, { nullable: true, description: 'Of the new agent; by default that of the other with “(copy)”.' })
  name?: string | null;
}
