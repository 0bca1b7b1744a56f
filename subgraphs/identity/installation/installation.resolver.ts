import { Arg, Ctx, Directive, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import type { InstallationService } from './installation.service.ts';
import { FoundInstallationInput, FoundInstallationPayload } from './installation.type.ts';

@Resolver()
export class InstallationResolver {
  constructor(private readonly service: InstallationService) {}

  @Directive('@inaccessible')
  @Mutation(() => FoundInstallationPayload, {
    nullable: true,
    description:
      'Makes the first owner, or gives the one who was made and has never logged in his password. Null, and nothing done, where there is any other user.',
  })
  async foundInstallation(
    @Arg('input', () => FoundInstallationInput) input: FoundInstallationInput,
    @Ctx() context: RequestContext,
  ) {
    return this.service.found(context, input);
  }
}
