import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { UserType } from '../account/user.type.ts';
import { RoleType } from '../role/role.type.ts';

export enum InvitationState {
  PENDING = 'PENDING',
  ACCEPTED = 'ACCEPTED',
  REVOKED = 'REVOKED',
  EXPIRED = 'EXPIRED',
}

registerEnumType(InvitationState, { name: 'InvitationState', description: 'What has become of an invitation.' });

@ObjectType('Invitation', {
  simpleResolvers: true,
  description: 'An offer to join the organization, open for seven days.',
})
export class InvitationType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'Only an account with this address can accept it.' })
  email!: string;

  @Field(() => RoleType)
  role!: RoleType;

  @Field(() => InvitationState)
  state!: InvitationState;

  @Field(() => UserType, { nullable: true })
  invitedBy!: UserType | null;

  @Field(() => Date)
  createdAt!: Date;

  @Field(() => Date)
  expiresAt!: Date;
}

@ObjectType('InvitationEdge', { simpleResolvers: true, description: 'An invitation in a list.' })
export class InvitationEdge extends edgeOf(() => InvitationType) {}

@ObjectType('InvitationConnection', { simpleResolvers: true, description: 'A page of invitations, the newest first.' })
export class InvitationConnection extends connectionOf(
  () => InvitationEdge,
  () => InvitationType,
) {}

@ObjectType('InvitationPreview', {
  simpleResolvers: true,
  description: 'What whoever holds the token is told before accepting.',
})
export class InvitationPreviewType {
  @Field(() => String)
  email!: string;

  @Field(() => String)
  organizationName!: string;

  @Field(() => Date)
  expiresAt!: Date;

  @Field(() => Boolean, {
    description: 'Whether to ask for the password of an account, or for name and password of a new one.',
  })
  hasAccount!: boolean;
}

@InputType({ description: 'Whom to invite, and as what.' })
export class CreateInvitationInput {
  @Field(() => String)
  email!: string;

  @Field(() => ID, { description: 'The name of a built-in role or the id of a custom one.' })
  roleId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The new invitation.' })
export class CreateInvitationPayload {
  @Field(() => InvitationType)
  invitation!: InvitationType;

  @Field(() => String, { description: 'To be passed on to the person. It is not kept and cannot be shown again.' })
  token!: string;
}

@InputType({ description: 'Which invitation to take back.' })
export class RevokeInvitationInput {
  @Field(() => ID)
  invitationId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The invitation cannot be accepted any more.' })
export class RevokeInvitationPayload {
  @Field(() => InvitationType)
  invitation!: InvitationType;
}

@InputType({
  description:
    'Whoever is logged in joins with that account. Whoever is not gives the password of an account, or name and password of a new one.',
})
export class AcceptInvitationInput {
  @Field(() => String)
  token!: string;

  @Field(() => String, { nullable: true })
  name?: string | null;

  @Field(() => String, { nullable: true })
  password?: string | null;
}
