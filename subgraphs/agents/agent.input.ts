import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { AgentStatusEnum } from './agent.type.ts';
import { AGENT_LIMITS, type ThinkingEffort } from './agent-definition.ts';
import { ThinkingEffortEnum } from './agent-definition.type.ts';
import type { AgentStatus } from './agent-filter.ts';

const atMost = (characters: number) => `At most ${characters.toLocaleString('en')} characters.`;

@InputType('AgentFilter', { description: 'Which agents to list. Parts that are left out do not narrow the list.' })
export class AgentFilterInput {
  @Field(() => String, { nullable: true, description: 'Part of the name or description, in upper or lower case.' })
  search?: string | null;

  @Field(() => AgentStatusEnum, { nullable: true })
  status?: AgentStatus | null;

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
