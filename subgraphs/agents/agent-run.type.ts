import { Directive, Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { AgentThinkingType } from './agent-definition.type.ts';

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
}
