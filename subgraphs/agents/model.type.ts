import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { ProviderState } from './model.service.ts';

export const ProviderStatusEnum = {
  READY: 'READY',
  UNCONFIGURED: 'UNCONFIGURED',
  UNREACHABLE: 'UNREACHABLE',
} as const satisfies Record<ProviderState, ProviderState>;

registerEnumType(ProviderStatusEnum, {
  name: 'ModelProviderStatus',
  description: 'How a provider of models stands.',
  valuesConfig: {
    READY: { description: 'It answers.' },
    UNCONFIGURED: { description: 'The server has no credential or address for it.' },
    UNREACHABLE: { description: 'It is set up and does not answer as it should.' },
  },
});

@ObjectType('ModelLimits', { simpleResolvers: true, description: 'How much a model takes.' })
export class ModelLimitsType {
  @Field(() => Int, { nullable: true, description: 'In tokens; null where the provider does not say.' })
  inputTokens!: number | null;
}

@ObjectType('ModelCapabilities', { simpleResolvers: true, description: 'What a model can do.' })
export class ModelCapabilitiesType {
  @Field(() => Boolean, { description: 'Answers in a conversation.' })
  chat!: boolean;

  @Field(() => Boolean, { description: 'Takes pictures.' })
  images!: boolean;

  @Field(() => Boolean, { description: 'Calls tools.' })
  tools!: boolean;

  @Field(() => Boolean, { description: 'Thinks before it answers, as `thinking` of an agent says.' })
  thinking!: boolean;

  @Field(() => Boolean, { description: 'Holds its answer to a JSON Schema.' })
  structuredOutput!: boolean;

  @Field(() => Boolean, { description: 'Speaks and listens over a socket.' })
  live!: boolean;
}

@ObjectType('Model', { simpleResolvers: true, description: 'A language model that a configured provider offers.' })
export class ModelType {
  @Field(() => ID, { description: 'What `model` of an agent takes: `gemini/gemini-2.5-flash`.' })
  id!: string;

  @Field(() => String)
  label!: string;

  @Field(() => String, { description: 'The id of its provider; `modelProviders` has the rest.' })
  provider!: string;

  @Field(() => ModelLimitsType)
  limits!: ModelLimitsType;

  @Field(() => ModelCapabilitiesType)
  capabilities!: ModelCapabilitiesType;

  @Field(() => Boolean, { description: 'Whether agents that name no model get this one.' })
  isDefault!: boolean;

  @Field(() => Boolean, { description: 'Whether an agent can answer with it.' })
  available!: boolean;
}

@ObjectType('ModelProvider', {
  simpleResolvers: true,
  description: 'A source of models that this server can be set up with.',
})
export class ModelProviderType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  label!: string;

  @Field(() => ProviderStatusEnum)
  status!: ProviderState;

  @Field(() => String, { nullable: true, description: 'What to set, or what is wrong; null where nothing is.' })
  message!: string | null;
}
