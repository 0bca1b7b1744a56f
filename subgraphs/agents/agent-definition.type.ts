import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';
import { THINKING_EFFORTS, type ThinkingEffort } from './agent-definition.ts';

export const AgentKindEnum = { MODEL: 'MODEL' } as const;

registerEnumType(AgentKindEnum, {
  name: 'AgentKind',
  description: 'What stands behind an agent.',
  valuesConfig: { MODEL: { description: 'One language model with instructions.' } },
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

@ObjectType('AgentDefinition', { simpleResolvers: true, description: 'What makes an agent answer as it does.' })
export class AgentDefinitionType {
  @Field(() => AgentKindEnum)
  kind!: 'MODEL';

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

  @Field(() => GraphQLJSONObject, { description: 'Texts by key, for clients: Parley does not read them.' })
  metadata!: Record<string, string>;
}
