import { GraphQLJSON } from 'graphql-scalars';
import { Directive, Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { OwnLimits } from '#core/agent/run-limits';
import type { TeamDefinition } from '#core/agent/team-definition';
import type { ToolGrant } from '#core/agent/tool-grant';
import { AgentThinkingType } from './agent-definition.type.ts';

@Directive('@inaccessible')
@InputType('AgentForRunRef', { description: 'An agent that is about to work.' })
export class AgentForRunRef {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Left out: the published version.' })
  version?: number | null | undefined;
}

@Directive('@inaccessible')
@ObjectType('AgentForRun', {
  simpleResolvers: true,
  description: 'What the worker needs to let an agent answer: one version of it, every default filled in.',
})
export class AgentForRunType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String)
  description!: string;

  @Field(() => ID)
  versionId!: string;

  @Field(() => Int)
  version!: number;

  @Field(() => String)
  instructions!: string;

  @Field(() => String, { description: 'With the default of the server where the agent names none.' })
  model!: string;

  @Field(() => Float, { nullable: true })
  temperature!: number | null;

  @Field(() => Int, { nullable: true })
  maxOutputTokens!: number | null;

  @Field(() => AgentThinkingType, { nullable: true })
  thinking!: AgentThinkingType | null;

  @Field(() => GraphQLJSON, { description: 'As `ToolGrant` in the kernel says.' })
  tools!: ToolGrant[];

  @Field(() => GraphQLJSON, { nullable: true, description: 'A JSON Schema.' })
  outputSchema!: Record<string, unknown> | null;

  @Field(() => GraphQLJSON, { description: 'As `OwnLimits` in the kernel says.' })
  limits!: OwnLimits;

  @Field(() => GraphQLJSON, { nullable: true, description: 'As `TeamDefinition` in the kernel says.' })
  team!: TeamDefinition | null;
}
