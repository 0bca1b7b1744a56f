import { Query, Resolver } from 'type-graphql';
import type { ModelFacts, ModelService } from './model.service.ts';
import { ModelProviderType, ModelType } from './model.type.ts';

@Resolver(() => ModelType)
export class ModelResolver {
  constructor(private readonly service: ModelService) {}

  @Query(() => [ModelType], { description: 'Every model that a configured provider offers.' })
  async models(): Promise<ModelType[]> {
    return (await this.service.list()).map(presentModel);
  }

  @Query(() => [ModelProviderType], {
    description: 'Every provider of models that is or could be set up, and how it stands.',
  })
  modelProviders(): Promise<ModelProviderType[]> {
    return this.service.listProviders();
  }
}

const presentModel = ({ inputTokenLimit, ...model }: ModelFacts): ModelType => ({
  ...model,
  limits: { inputTokens: inputTokenLimit ?? null },
});
