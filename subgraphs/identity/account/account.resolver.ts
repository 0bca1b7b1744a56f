import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import type { AccountService } from './account.service.ts';
import { presentUser } from './user.presenter.ts';
import { ChangePasswordInput, ChangePasswordPayload, UpdateProfileInput, UpdateProfilePayload } from './user.type.ts';

@Resolver()
export class AccountResolver {
  constructor(private readonly accounts: AccountService) {}

  @Mutation(() => UpdateProfilePayload, { description: 'Changes how others see the viewer.' })
  async updateProfile(
    @Arg('input', () => UpdateProfileInput) input: UpdateProfileInput,
    @Ctx() context: RequestContext,
  ) {
    return { user: presentUser(await this.accounts.updateProfile(context, input), context.viewer) };
  }

  @Mutation(() => ChangePasswordPayload, {
    description: 'Sets the viewer’s password and ends all other sessions of the account. API keys are not touched.',
  })
  async changePassword(
    @Arg('input', () => ChangePasswordInput) input: ChangePasswordInput,
    @Ctx() context: RequestContext,
  ) {
    return { revokedSessions: await this.accounts.changePassword(context, input) };
  }
}
