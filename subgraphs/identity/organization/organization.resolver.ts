import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { toPage } from '#core/graphql/pagination';
import type { RequestContext } from '#core/request-context';
import { createdCursor } from '../created-page.ts';
import { presentMember } from '../member/member.presenter.ts';
import type { MemberService } from '../member/member.service.ts';
import { MemberConnection } from '../member/member.type.ts';
import { ForwardPageArgs } from '../page-args.ts';
import { presentOrganization } from './organization.presenter.ts';
import type { OrganizationService } from './organization.service.ts';
import {
  CreateOrganizationInput,
  CreateOrganizationPayload,
  OrganizationConnection,
  OrganizationType,
  UpdateOrganizationInput,
  UpdateOrganizationPayload,
} from './organization.type.ts';

@Resolver(() => OrganizationType)
export class OrganizationResolver {
  constructor(
    private readonly service: OrganizationService,
    private readonly memberService: MemberService,
  ) {}

  @Query(() => OrganizationType, { description: 'The organization that the viewer works in.' })
  async organization(@Ctx() context: RequestContext) {
    return presentOrganization(await this.service.current(context));
  }

  @Query(() => OrganizationConnection, { description: 'Every organization that the viewer belongs to.' })
  async organizations(@Args(() => ForwardPageArgs) args: ForwardPageArgs, @Ctx() context: RequestContext) {
    const { page, rows, count } = await this.service.listOwn(context, args);
    return toPage(page.request, rows, { cursorOf: createdCursor, present: presentOrganization, totalCount: count });
  }

  @FieldResolver(() => MemberConnection, {
    description: 'The people who belong to it, in the order in which they came. Only of the organization one works in.',
  })
  async members(
    @Root() organization: OrganizationType,
    @Args(() => ForwardPageArgs) args: ForwardPageArgs,
    @Ctx() context: RequestContext,
  ) {
    const { page, rows, count } = await this.memberService.list(context, organization.id, args);
    const present = (row: (typeof rows)[number]) => presentMember(row, context.viewer);
    return toPage(page.request, rows, { cursorOf: createdCursor, present, totalCount: count });
  }

  @Mutation(() => UpdateOrganizationPayload, { description: 'Changes the settings of the organization.' })
  async updateOrganization(
    @Arg('input', () => UpdateOrganizationInput) input: UpdateOrganizationInput,
    @Ctx() context: RequestContext,
  ) {
    return { organization: presentOrganization(await this.service.update(context, input)) };
  }

  @Mutation(() => CreateOrganizationPayload, { description: 'Makes an organization that the viewer owns.' })
  async createOrganization(
    @Arg('input', () => CreateOrganizationInput) input: CreateOrganizationInput,
    @Ctx() context: RequestContext,
  ) {
    return { organization: presentOrganization(await this.service.create(context, input)) };
  }
}
