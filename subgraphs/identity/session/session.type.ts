import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { ViewerType } from '../authentication/viewer.type.ts';
import { OrganizationType } from '../organization/organization.type.ts';

@ObjectType({ simpleResolvers: true, description: 'What a client keeps of a log-in.' })
export class SessionPayload {
  @Field(() => String, { description: 'Sent as `Authorization: Bearer …`. Good for 15 minutes.' })
  accessToken!: string;

  @Field(() => String, {
    description: 'Exchanged for new tokens by `refreshSession`. Works once: whoever uses it twice ends the session.',
  })
  refreshToken!: string;

  @Field(() => Date, { description: 'When the access token expires.' })
  expiresAt!: Date;

  @Field(() => Date, { description: 'When the session ends unless it is refreshed before: 30 days, and 90 in all.' })
  sessionExpiresAt!: Date;

  @Field(() => ViewerType)
  viewer!: ViewerType;
}

@ObjectType('Session', { simpleResolvers: true, description: 'A log-in that has not ended.' })
export class SessionType {
  @Field(() => ID)
  id!: string;

  @Field(() => OrganizationType)
  organization!: OrganizationType;

  @Field(() => Boolean, { description: 'Whether it is the one that is asking.' })
  current!: boolean;

  @Field(() => String, { nullable: true, description: 'The address that it was begun from.' })
  ip!: string | null;

  @Field(() => String, { nullable: true, description: 'The program that it was begun with, in its own words.' })
  userAgent!: string | null;

  @Field(() => Date, { description: 'When the person logged in.' })
  createdAt!: Date;

  @Field(() => Date, { description: 'When it was begun or last refreshed.' })
  lastSeenAt!: Date;

  @Field(() => Date)
  expiresAt!: Date;
}

@ObjectType('SessionEdge', { simpleResolvers: true, description: 'A session in a list.' })
export class SessionEdge extends edgeOf(() => SessionType) {}

@ObjectType('SessionConnection', { simpleResolvers: true, description: 'A page of sessions, the newest first.' })
export class SessionConnection extends connectionOf(
  () => SessionEdge,
  () => SessionType,
) {}

@InputType({ description: 'A new account with an organization of its own.' })
export class SignUpInput {
  @Field(() => String)
  email!: string;

  @Field(() => String, { description: 'Between 8 and 200 characters.' })
  password!: string;

  @Field(() => String, { description: 'How others see the person.' })
  name!: string;

  @Field(() => String)
  organizationName!: string;
}

@InputType({ description: 'E-mail address and password.' })
export class LogInInput {
  @Field(() => String)
  email!: string;

  @Field(() => String)
  password!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'Where to work, for who belongs to several; by default where the last session was.',
  })
  organizationId?: string | null;
}

@InputType({ description: 'The refresh token of a session.' })
export class RefreshSessionInput {
  @Field(() => String)
  refreshToken!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The session has ended.' })
export class LogOutPayload {
  @Field(() => ID)
  sessionId!: string;
}

@InputType({ description: 'Which session to end.' })
export class RevokeSessionInput {
  @Field(() => ID)
  sessionId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The session has ended.' })
export class RevokeSessionPayload {
  @Field(() => ID)
  revokedSessionId!: string;
}

@InputType({ description: 'Where to go on working.' })
export class SwitchOrganizationInput {
  @Field(() => ID)
  organizationId!: string;
}
