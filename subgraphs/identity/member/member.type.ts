import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { UserType } from '../account/user.type.ts';
import { RoleType } from '../role/role.type.ts';

@ObjectType('Member', { simpleResolvers: true, description: 'That somebody belongs to the organization, and as what.' })
export class MemberType {
  @Field(() => ID, { description: 'Of the membership, not of the user.' })
  id!: string;

  @Field(() => UserType)
  user!: UserType;

  @Field(() => RoleType)
  role!: RoleType;

  @Field(() => Date)
  joinedAt!: Date;
}

@ObjectType('MemberEdge', { simpleResolvers: true, description: 'A member in a list.' })
export class MemberEdge extends edgeOf(() => MemberType) {}

@ObjectType('MemberConnection', { simpleResolvers: true, description: 'A page of members, the oldest first.' })
export class MemberConnection extends connectionOf(
  () => MemberEdge,
  () => MemberType,
) {}

@InputType({ description: 'Which role a member is to have.' })
export class ChangeMemberRoleInput {
  @Field(() => ID)
  memberId!: string;

  @Field(() => ID, { description: 'The name of a built-in role or the id of a custom one.' })
  roleId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The member after the change.' })
export class ChangeMemberRolePayload {
  @Field(() => MemberType)
  member!: MemberType;
}

@InputType({ description: 'Whom to remove.' })
export class RemoveMemberInput {
  @Field(() => ID)
  memberId!: string;
}

@ObjectType({
  simpleResolvers: true,
  description: 'The member is gone, and so are the member’s sessions and API keys in the organization.',
})
export class RemoveMemberPayload {
  @Field(() => ID)
  removedMemberId!: string;
}

@ObjectType({
  simpleResolvers: true,
  description: 'The viewer has left, and the session in the organization has ended.',
})
export class LeaveOrganizationPayload {
  @Field(() => ID)
  leftOrganizationId!: string;
}
