import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { presentOpenedSession } from '../session/session.presenter.ts';
import { SessionPayload } from '../session/session.type.ts';
import type { LinkedAccountService } from './linked-account.service.ts';
import { presentLinkedAccount, presentLogInProvider } from './oauth.presenter.ts';
import type { OAuthService } from './oauth.service.ts';
import {
  CompleteOAuthLogInInput,
  LinkAccountInput,
  LinkAccountPayload,
  LinkedAccountType,
  LogInProviderType,
  StartOAuthLogInInput,
  StartOAuthLogInPayload,
  UnlinkAccountInput,
  UnlinkAccountPayload,
} from './oauth.type.ts';

@Resolver()
export class OAuthResolver {
  constructor(
    private readonly service: OAuthService,
    private readonly accounts: LinkedAccountService,
  ) {}

  @Query(() => [LogInProviderType], { description: 'Where people can log in beside e-mail address and password.' })
  logInProviders() {
    return this.service.listProviders().map(presentLogInProvider);
  }

  @Query(() => [LinkedAccountType], {
    description: 'The accounts at providers that the viewer can log in with: at most 20.',
  })
  async linkedAccounts(@Ctx() context: RequestContext) {
    return (await this.accounts.list(context)).map(presentLinkedAccount);
  }

  @Mutation(() => StartOAuthLogInPayload, { description: 'Begins a log-in at a provider.' })
  async startOAuthLogIn(
    @Arg('input', () => StartOAuthLogInInput) input: StartOAuthLogInInput,
    @Ctx() context: RequestContext,
  ) {
    return this.service.start(context, input);
  }

  @Mutation(() => SessionPayload, {
    description: 'Logs in as whoever the provider says it is; somebody new gets an account and an organization.',
  })
  async completeOAuthLogIn(
    @Arg('input', () => CompleteOAuthLogInInput) input: CompleteOAuthLogInInput,
    @Ctx() context: RequestContext,
  ) {
    return presentOpenedSession(await this.service.complete(context, input));
  }

  @Mutation(() => LinkAccountPayload, {
    description: 'Adds a provider’s account to the ways in which the viewer can log in.',
  })
  async linkAccount(@Arg('input', () => LinkAccountInput) input: LinkAccountInput, @Ctx() context: RequestContext) {
    return { linkedAccount: presentLinkedAccount(await this.service.link(context, input)) };
  }

  @Mutation(() => UnlinkAccountPayload, { description: 'Refused with CONFLICT where it is the last way in.' })
  async unlinkAccount(
    @Arg('input', () => UnlinkAccountInput) input: UnlinkAccountInput,
    @Ctx() context: RequestContext,
  ) {
    return { unlinkedAccountId: await this.accounts.unlink(context, input) };
  }
}
