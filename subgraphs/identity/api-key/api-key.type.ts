import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { UserType } from '../account/user.type.ts';

@ObjectType('ApiKey', {
  simpleResolvers: true,
  description: 'Lets a program act as a person or a service account. The key itself is shown once, when it is made.',
})
export class ApiKeyType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { description: 'How the key begins, to tell it from others.' })
  prefix!: string;

  @Field(() => [String], { description: 'What it is narrowed to; empty where it may do all that its user may.' })
  scopes!: string[];

  @Field(() => UserType, { nullable: true, description: 'Whom it acts as.' })
  principal!: UserType | null;

  @Field(() => UserType, { nullable: true })
  createdBy!: UserType | null;

  @Field(() => Date)
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: 'Null where it does not expire by itself.' })
  expiresAt!: Date | null;

  @Field(() => Date, { nullable: true, description: 'To the minute; null where it was never used.' })
  lastUsedAt!: Date | null;

  @Field(() => Date, { nullable: true })
  revokedAt!: Date | null;
}

@ObjectType('ApiKeyEdge', { simpleResolvers: true, description: 'An API key in a list.' })
export class ApiKeyEdge extends edgeOf(() => ApiKeyType) {}

@ObjectType('ApiKeyConnection', { simpleResolvers: true, description: 'A page of API keys, the newest first.' })
export class ApiKeyConnection extends connectionOf(
  () => ApiKeyEdge,
  () => ApiKeyType,
) {}

@InputType({ description: 'Which of the API keys that the viewer may see to list.' })
export class ApiKeyFilter {
  @Field(() => ID, { nullable: true, description: 'Those that act as this user.' })
  principalId?: string | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false })
  includeRevoked?: boolean | null;
}

@InputType({ description: 'A new API key.' })
export class CreateApiKeyInput {
  @Field(() => String, { description: 'What it is for.' })
  name!: string;

  @Field(() => [String], {
    nullable: true,
    description:
      'Permissions to narrow it to, none of which the viewer may lack. Without any it may do all that its user may.',
  })
  scopes?: string[] | null;

  @Field(() => Date, { nullable: true, description: 'In the future; without it the key does not expire.' })
  expiresAt?: Date | null;

  @Field(() => ID, { nullable: true, description: 'A service account that it is to act as; by default the viewer.' })
  principalId?: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'The new key.' })
export class CreateApiKeyPayload {
  @Field(() => ApiKeyType)
  apiKey!: ApiKeyType;

  @Field(() => String, { description: 'The key itself. It is not kept and cannot be shown again.' })
  secret!: string;
}

@InputType({ description: 'Which key to revoke.' })
export class RevokeApiKeyInput {
  @Field(() => ID)
  apiKeyId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The key opens nothing any more.' })
export class RevokeApiKeyPayload {
  @Field(() => ApiKeyType)
  apiKey!: ApiKeyType;
}
