import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { presentPermissions, presentRole } from './role.presenter.ts';
import type { RoleService } from './role.service.ts';
import {
  CreateRoleInput,
  CreateRolePayload,
  DeleteRoleInput,
  DeleteRolePayload,
  PermissionType,
  RoleType,
  UpdateRoleInput,
  UpdateRolePayload,
} from './role.type.ts';

@Resolver()
export class RoleResolver {
  constructor(private readonly service: RoleService) {}

  @Query(() => [RoleType], {
    description: 'The roles that members can have: the built-in ones, then at most 100 custom ones.',
  })
  async roles(@Ctx() context: RequestContext) {
    return (await this.service.list(context)).map(presentRole);
  }

  @Query(() => [PermissionType], { description: 'Everything that roles and API keys can allow.' })
  permissions() {
    return presentPermissions();
  }

  @Mutation(() => CreateRolePayload, {
    description: 'Makes a role out of permissions. Nobody can give a role more than their own allows.',
  })
  async createRole(@Arg('input', () => CreateRoleInput) input: CreateRoleInput, @Ctx() context: RequestContext) {
    return { role: presentRole(await this.service.create(context, input)) };
  }

  @Mutation(() => UpdateRolePayload, { description: 'Members who have the role have its new permissions at once.' })
  async updateRole(@Arg('input', () => UpdateRoleInput) input: UpdateRoleInput, @Ctx() context: RequestContext) {
    return { role: presentRole(await this.service.update(context, input)) };
  }

  @Mutation(() => DeleteRolePayload, {
    description: 'Refused with CONFLICT while a member or an open invitation has it.',
  })
  async deleteRole(@Arg('input', () => DeleteRoleInput) input: DeleteRoleInput, @Ctx() context: RequestContext) {
    return { deletedRoleId: await this.service.delete(context, input) };
  }
}
