import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { toPage } from '#core/graphql/pagination';
import type { RequestContext } from '#core/request-context';
import type { UserLoader } from '../account/user.loaders.ts';
import { createdCursor } from '../created-page.ts';
import { ForwardPageArgs } from '../page-args.ts';
import { presentOpenedSession } from '../session/session.presenter.ts';
import { SessionPayload } from '../session/session.type.ts';
import { presentInvitation } from './invitation.presenter.ts';
import type { InvitationService } from './invitation.service.ts';
import {
  AcceptInvitationInput,
  CreateInvitationInput,
  CreateInvitationPayload,
  InvitationConnection,
  InvitationPreviewType,
  RevokeInvitationInput,
  RevokeInvitationPayload,
} from './invitation.type.ts';
import type { InvitationAcceptanceService } from './invitation-acceptance.service.ts';

@Resolver()
export class InvitationResolver {
  constructor(
    private readonly service: InvitationService,
    private readonly acceptance: InvitationAcceptanceService,
    private readonly users: UserLoader,
  ) {}

  @Query(() => InvitationConnection, { description: 'Invitations into the organization, also those that are over.' })
  async invitations(@Args(() => ForwardPageArgs) args: ForwardPageArgs, @Ctx() context: RequestContext) {
    const { page, rows, count } = await this.service.list(context, args);
    const present = (row: (typeof rows)[number]) => presentInvitation(row, context, this.users);
    return toPage(page.request, rows, { cursorOf: createdCursor, present, totalCount: count });
  }

  @Query(() => InvitationPreviewType, {
    nullable: true,
    description: 'What a token invites to; null where it is not open.',
  })
  async invitationPreview(@Arg('token', () => String) token: string) {
    return this.acceptance.preview(token);
  }

  @Mutation(() => CreateInvitationPayload, {
    description:
      'Invites a person by e-mail address. Parley sends no mail: pass the token on. It replaces an open invitation.',
  })
  async createInvitation(
    @Arg('input', () => CreateInvitationInput) input: CreateInvitationInput,
    @Ctx() context: RequestContext,
  ) {
    const { invitation, token } = await this.service.create(context, input);
    return { invitation: presentInvitation(invitation, context, this.users), token };
  }

  @Mutation(() => RevokeInvitationPayload, {
    description: 'Takes an invitation back: its token leads nowhere from now on.',
  })
  async revokeInvitation(
    @Arg('input', () => RevokeInvitationInput) input: RevokeInvitationInput,
    @Ctx() context: RequestContext,
  ) {
    return { invitation: presentInvitation(await this.service.revoke(context, input), context, this.users) };
  }

  @Mutation(() => SessionPayload, { description: 'Joins an organization and begins a session in it.' })
  async acceptInvitation(
    @Arg('input', () => AcceptInvitationInput) input: AcceptInvitationInput,
    @Ctx() context: RequestContext,
  ) {
    return presentOpenedSession(await this.acceptance.accept(context, input));
  }
}
