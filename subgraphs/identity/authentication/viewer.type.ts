import { Directive, Field, Float, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { UserKind } from '#prisma/generated/enums';
import { UserType } from '../account/user.type.ts';
import { OrganizationType } from '../organization/organization.type.ts';
import { RoleType } from '../role/role.type.ts';

export enum CredentialKind {
  SESSION = 'SESSION',
  API_KEY = 'API_KEY',
}

registerEnumType(CredentialKind, {
  name: 'CredentialKind',
  description: 'What a caller shows to be let in.',
  valuesConfig: {
    SESSION: { description: 'The access token of a log-in.' },
    API_KEY: { description: 'A key that begins with `pk_`.' },
  },
});

@ObjectType('Credential', { simpleResolvers: true, description: 'What the viewer has shown to be let in.' })
export class CredentialType {
  @Field(() => ID, { description: 'Of the session or of the API key.' })
  id!: string;

  @Field(() => CredentialKind)
  kind!: CredentialKind;

  @Field(() => Date, { nullable: true, description: 'Null where it does not expire by itself.' })
  expiresAt!: Date | null;
}

@ObjectType('Viewer', {
  simpleResolvers: true,
  description: 'Who is asking, in which organization, and what that caller may do.',
})
export class ViewerType {
  @Field(() => UserType, { nullable: true })
  user!: UserType | null;

  @Field(() => OrganizationType)
  organization!: OrganizationType;

  @Field(() => RoleType)
  role!: RoleType;

  @Field(() => [String], {
    description: 'What the role allows, narrowed to the scopes of the API key where there is one.',
  })
  permissions!: string[];

  @Field(() => CredentialType)
  credential!: CredentialType;
}

@Directive('@inaccessible')
@ObjectType({ simpleResolvers: true, description: 'A credential that holds, as the gateway keeps it.' })
export class AuthenticatedCredential {
  @Field(() => CredentialKind)
  kind!: CredentialKind;

  @Field(() => ID)
  id!: string;

  @Field(() => Float, {
    nullable: true,
    description:
      'Milliseconds since the epoch. From `authenticate` with an access token it is that token’s, from `recheckCredentials` the session’s.',
  })
  expiresAt!: number | null;
}

@Directive('@inaccessible')
@ObjectType({ simpleResolvers: true, description: 'Everything that the gateway has to know about a caller.' })
export class AuthenticatedViewer {
  @Field(() => ID)
  userId!: string;

  @Field(() => UserKind)
  userKind!: UserKind;

  @Field(() => ID)
  orgId!: string;

  @Field(() => String, { description: 'The name of a built-in role, or the id of a custom one.' })
  role!: string;

  @Field(() => [String])
  permissions!: string[];

  @Field(() => AuthenticatedCredential)
  credential!: AuthenticatedCredential;
}

@Directive('@inaccessible')
@ObjectType({ simpleResolvers: true, description: 'What somebody may do on whose behalf work is done without him.' })
export class Principal {
  @Field(() => UserKind)
  userKind!: UserKind;

  @Field(() => [String])
  permissions!: string[];
}

@Directive('@inaccessible')
@InputType('CredentialReference', { description: 'A credential that was let in before, without its secret.' })
export class CredentialReferenceInput {
  @Field(() => CredentialKind)
  kind!: CredentialKind;

  @Field(() => ID)
  id!: string;
}
