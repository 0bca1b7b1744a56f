import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { RoleType } from '../role/role.type.ts';

@ObjectType('ServiceAccount', {
  simpleResolvers: true,
  description: 'A user for a program: it belongs to one organization and acts through API keys.',
})
export class ServiceAccountType {
  @Field(() => ID, { description: 'Also the id of the user that it is.' })
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => RoleType)
  role!: RoleType;

  @Field(() => Date)
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: 'Since when its keys open nothing; null while it is enabled.' })
  disabledAt!: Date | null;
}

@ObjectType('ServiceAccountEdge', { simpleResolvers: true, description: 'A service account in a list.' })
export class ServiceAccountEdge extends edgeOf(() => ServiceAccountType) {}

@ObjectType('ServiceAccountConnection', {
  simpleResolvers: true,
  description: 'A page of service accounts, the oldest first.',
})
export class ServiceAccountConnection extends connectionOf(
  () => ServiceAccountEdge,
  () => ServiceAccountType,
) {}

@InputType({ description: 'A new service account.' })
export class CreateServiceAccountInput {
  @Field(() => String)
  name!: string;

  @Field(() => ID, { description: 'The name of a built-in role other than OWNER, or the id of a custom one.' })
  roleId!: string;
}

@InputType({ description: 'What to change; what is left out stays.' })
export class UpdateServiceAccountInput {
  @Field(() => ID)
  serviceAccountId!: string;

  @Field(() => String, { nullable: true })
  name?: string | null;

  @Field(() => ID, { nullable: true })
  roleId?: string | null;
}

@InputType({ description: 'Which service account to disable.' })
export class DisableServiceAccountInput {
  @Field(() => ID)
  serviceAccountId!: string;
}

@InputType({ description: 'Which service account to enable again.' })
export class EnableServiceAccountInput {
  @Field(() => ID)
  serviceAccountId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The new service account.' })
export class CreateServiceAccountPayload {
  @Field(() => ServiceAccountType)
  serviceAccount!: ServiceAccountType;
}

@ObjectType({ simpleResolvers: true, description: 'The service account as it is now.' })
export class UpdateServiceAccountPayload {
  @Field(() => ServiceAccountType)
  serviceAccount!: ServiceAccountType;
}

@ObjectType({ simpleResolvers: true, description: 'The service account as it is now.' })
export class DisableServiceAccountPayload {
  @Field(() => ServiceAccountType)
  serviceAccount!: ServiceAccountType;
}

@ObjectType({ simpleResolvers: true, description: 'The service account as it is now.' })
export class EnableServiceAccountPayload {
  @Field(() => ServiceAccountType)
  serviceAccount!: ServiceAccountType;
}
