import { Field, ID, InputType, ObjectType } from 'type-graphql';

@ObjectType('LogInProvider', {
  simpleResolvers: true,
  description: 'Somewhere people can log in with an account that they have there.',
})
export class LogInProviderType {
  @Field(() => ID, { description: 'What `startOAuthLogIn` takes: `oidc`, `google` or `github`.' })
  id!: string;

  @Field(() => String, { description: 'For the button.' })
  name!: string;
}

@ObjectType('LinkedAccount', {
  simpleResolvers: true,
  description: 'An account at a provider that the viewer can log in with.',
})
export class LinkedAccountType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'The id of the provider.' })
  provider!: string;

  @Field(() => String, { nullable: true, description: 'The address that the account has over there.' })
  email!: string | null;

  @Field(() => Date)
  createdAt!: Date;

  @Field(() => Date)
  lastUsedAt!: Date;
}

@InputType('StartOAuthLogInInput', { description: 'Where to log in, and where to come back to.' })
export class StartOAuthLogInInput {
  @Field(() => String, { description: 'The id of a provider.' })
  provider!: string;

  @Field(() => String, {
    description:
      'A page without query or fragment on this server or on one of ALLOWED_ORIGINS, which the provider must know as well, spelt as browsers show it.',
  })
  redirectUri!: string;

  @Field(() => String, { nullable: true, description: 'Joins the organization of the invitation at the end.' })
  invitationToken?: string | null;
}

@ObjectType('StartOAuthLogInPayload', { simpleResolvers: true, description: 'The way to the provider.' })
export class StartOAuthLogInPayload {
  @Field(() => String, { description: 'Where to send the browser.' })
  authorizationUrl!: string;

  @Field(() => String, {
    description:
      'Keep it in this browser (sessionStorage) and hand it in with the address that the browser comes back to. Good for ten minutes, once.',
  })
  attempt!: string;
}

@InputType('CompleteOAuthLogInInput', { description: 'What the browser came back with.' })
export class CompleteOAuthLogInInput {
  @Field(() => String, { description: 'What `startOAuthLogIn` returned.' })
  attempt!: string;

  @Field(() => String, { description: 'The whole address that the browser came back to.' })
  callbackUrl!: string;
}

@InputType({ description: 'What the browser came back with.' })
export class LinkAccountInput {
  @Field(() => String, { description: 'What `startOAuthLogIn` returned while the viewer was logged in.' })
  attempt!: string;

  @Field(() => String, { description: 'The whole address that the browser came back to.' })
  callbackUrl!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The account that can be logged in with from now on.' })
export class LinkAccountPayload {
  @Field(() => LinkedAccountType)
  linkedAccount!: LinkedAccountType;
}

@InputType({ description: 'Which account not to log in with any more.' })
export class UnlinkAccountInput {
  @Field(() => ID)
  linkedAccountId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The account is no way in any more.' })
export class UnlinkAccountPayload {
  @Field(() => ID)
  unlinkedAccountId!: string;
}
