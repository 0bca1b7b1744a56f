import { Field, ID, InputType, ObjectType } from 'type-graphql';

@ObjectType('Role', { simpleResolvers: true, description: 'A name for a set of permissions that members are given.' })
export class RoleType {
  @Field(() => ID, { description: 'The name of a built-in role (OWNER, ADMIN, MEMBER, VIEWER), or a UUID.' })
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => Boolean, { description: 'Built-in roles are the same everywhere and cannot be changed.' })
  builtIn!: boolean;

  @Field(() => String)
  description!: string;

  @Field(() => [String], { description: 'Names of permissions, as `permissions` lists them.' })
  permissions!: string[];
}

@ObjectType('Permission', { simpleResolvers: true, description: 'One thing that a caller can be allowed to do.' })
export class PermissionType {
  @Field(() => String, { description: 'What roles and scopes name it by, such as `agents:publish`.' })
  name!: string;

  @Field(() => String)
  description!: string;
}

@InputType({ description: 'A role of the organization’s own.' })
export class CreateRoleInput {
  @Field(() => String, { description: 'Unique in the organization.' })
  name!: string;

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => [String], { description: 'At least one; only what the viewer may do.' })
  permissions!: string[];
}

@ObjectType({ simpleResolvers: true, description: 'The new role.' })
export class CreateRolePayload {
  @Field(() => RoleType)
  role!: RoleType;
}

@InputType({ description: 'What to change about a custom role; what is left out stays.' })
export class UpdateRoleInput {
  @Field(() => ID)
  roleId!: string;

  @Field(() => String, { nullable: true })
  name?: string | null;

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => [String], { nullable: true, description: 'All of them: the list replaces the present one.' })
  permissions?: string[] | null;
}

@ObjectType({ simpleResolvers: true, description: 'The role as it is now.' })
export class UpdateRolePayload {
  @Field(() => RoleType)
  role!: RoleType;
}

@InputType({ description: 'Which custom role to delete.' })
export class DeleteRoleInput {
  @Field(() => ID)
  roleId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The role is gone.' })
export class DeleteRolePayload {
  @Field(() => ID)
  deletedRoleId!: string;
}
