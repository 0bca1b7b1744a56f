import { Arg, Args, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { toPage } from '#core/graphql/pagination';
import type { RequestContext } from '#core/request-context';
import { createdCursor } from '../created-page.ts';
import { ForwardPageArgs } from '../page-args.ts';
import type { LogInService } from './log-in.service.ts';
import type { RefreshService } from './refresh.service.ts';
import { presentOpenedSession, presentSession } from './session.presenter.ts';
import type { SessionService } from './session.service.ts';
import {
  LogInInput,
  LogOutPayload,
  RefreshSessionInput,
  RevokeSessionInput,
  RevokeSessionPayload,
  SessionConnection,
  SessionPayload,
  SignUpInput,
  SwitchOrganizationInput,
} from './session.type.ts';
import type { SignUpService } from './sign-up.service.ts';

@Resolver()
export class SessionResolver {
  constructor(
    private readonly signUps: SignUpService,
    private readonly logIns: LogInService,
    private readonly refreshes: RefreshService,
    private readonly service: SessionService,
  ) {}

  @Query(() => SessionConnection, {
    description: 'The sessions of the viewer in all organizations, or of somebody else in this one.',
  })
  async sessions(
    @Args(() => ForwardPageArgs) args: ForwardPageArgs,
    @Arg('userId', () => ID, { nullable: true, description: 'Somebody else’s: needs sessions:manage_all.' })
    userId: string | null,
    @Ctx() context: RequestContext,
  ) {
    const { page, rows, count } = await this.service.list(context, args, userId ?? null);
    const present = (row: (typeof rows)[number]) => presentSession(row, context.viewer);
    return toPage(page.request, rows, { cursorOf: createdCursor, present, totalCount: count });
  }

  @Mutation(() => SessionPayload, { description: 'Makes an account and an organization that it owns, and logs in.' })
  async signUp(@Arg('input', () => SignUpInput) input: SignUpInput, @Ctx() context: RequestContext) {
    return presentOpenedSession(await this.signUps.signUp(context, input));
  }

  @Mutation(() => SessionPayload, { description: 'Logs in by e-mail address and password.' })
  async logIn(@Arg('input', () => LogInInput) input: LogInInput, @Ctx() context: RequestContext) {
    return presentOpenedSession(await this.logIns.logIn(context, input));
  }

  @Mutation(() => SessionPayload, {
    description: 'Exchanges a refresh token for new tokens. Send an Idempotency-Key to be able to repeat it safely.',
  })
  async refreshSession(
    @Arg('input', () => RefreshSessionInput) input: RefreshSessionInput,
    @Ctx() context: RequestContext,
  ) {
    return presentOpenedSession(await this.refreshes.refresh(context, input));
  }

  @Mutation(() => SessionPayload, { description: 'Ends the present session and begins one in another organization.' })
  async switchOrganization(
    @Arg('input', () => SwitchOrganizationInput) input: SwitchOrganizationInput,
    @Ctx() context: RequestContext,
  ) {
    return presentOpenedSession(await this.service.switchOrganization(context, input));
  }

  @Mutation(() => LogOutPayload, { description: 'Ends the present session.' })
  async logOut(@Ctx() context: RequestContext) {
    return { sessionId: await this.service.logOut(context) };
  }

  @Mutation(() => RevokeSessionPayload, {
    description: 'Ends one of the viewer’s sessions, or somebody else’s in this organization.',
  })
  async revokeSession(
    @Arg('input', () => RevokeSessionInput) input: RevokeSessionInput,
    @Ctx() context: RequestContext,
  ) {
    return { revokedSessionId: await this.service.revoke(context, input) };
  }
}
