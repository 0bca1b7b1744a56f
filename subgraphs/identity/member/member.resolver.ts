import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { presentMember } from './member.presenter.ts';
import type { MemberService } from './member.service.ts';
import {
  ChangeMemberRoleInput,
  ChangeMemberRolePayload,
  LeaveOrganizationPayload,
  RemoveMemberInput,
  RemoveMemberPayload,
} from './member.type.ts';

@Resolver()
export class MemberResolver {
  constructor(private readonly service: MemberService) {}

  @Mutation(() => ChangeMemberRolePayload, {
    description: 'Takes effect at once, also on open sockets. The last owner cannot be made anything else.',
  })
  async changeMemberRole(
    @Arg('input', () => ChangeMemberRoleInput) input: ChangeMemberRoleInput,
    @Ctx() context: RequestContext,
  ) {
    return { member: presentMember(await this.service.changeRole(context, input), context.viewer) };
  }

  @Mutation(() => RemoveMemberPayload, { description: 'Ends what the member may do here at once.' })
  async removeMember(@Arg('input', () => RemoveMemberInput) input: RemoveMemberInput, @Ctx() context: RequestContext) {
    return { removedMemberId: await this.service.remove(context, input) };
  }

  @Mutation(() => LeaveOrganizationPayload, { description: 'Leaves the organization that the viewer works in.' })
  async leaveOrganization(@Ctx() context: RequestContext) {
    return { leftOrganizationId: await this.service.leave(context) };
  }
}
