import { Field, ObjectType } from 'type-graphql';
import { AgentType, AgentVersionType } from './agent.type.ts';

@ObjectType('CreateAgentPayload', { simpleResolvers: true, description: 'The new agent.' })
export class CreateAgentPayload {
  @Field(() => AgentType)
  agent!: AgentType;

  @Field(() => AgentVersionType, { nullable: true, description: 'Its first version; null where it is a draft.' })
  version!: AgentVersionType | null;

  @Field(() => Boolean, { description: 'Whether it answers already.' })
  published!: boolean;

  @Field(() => String, { nullable: true, description: 'Why it was not published although that was wanted.' })
  reason!: string | null;
}

@ObjectType('PublishAgentPayload', { simpleResolvers: true, description: 'The agent and its new version.' })
export class PublishAgentPayload {
  @Field(() => AgentType)
  agent!: AgentType;

  @Field(() => AgentVersionType)
  version!: AgentVersionType;
}

@ObjectType('RollBackAgentPayload', {
  simpleResolvers: true,
  description: 'The agent and its new version, which is equal to the earlier one.',
})
export class RollBackAgentPayload {
  @Field(() => AgentType)
  agent!: AgentType;

  @Field(() => AgentVersionType)
  version!: AgentVersionType;
}

@ObjectType('UpdateAgentDraftPayload', { simpleResolvers: true, description: 'The agent with its new draft.' })
export class UpdateAgentDraftPayload {
  @Field(() => AgentType)
  agent!: AgentType;
}

@ObjectType('DiscardAgentDraftPayload', { simpleResolvers: true, description: 'The agent, its draft as published.' })
export class DiscardAgentDraftPayload {
  @Field(() => AgentType)
  agent!: AgentType;
}

@ObjectType('ArchiveAgentPayload', { simpleResolvers: true, description: 'The archived agent.' })
export class ArchiveAgentPayload {
  @Field(() => AgentType)
  agent!: AgentType;
}

@ObjectType('RestoreAgentPayload', { simpleResolvers: true, description: 'The agent, in use again.' })
export class RestoreAgentPayload {
  @Field(() => AgentType)
  agent!: AgentType;
}

@ObjectType('DuplicateAgentPayload', { simpleResolvers: true, description: 'The new agent, as a draft.' })
export class DuplicateAgentPayload {
  @Field(() => AgentType)
  agent!: AgentType;
}
