import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';

@Directive('@key(fields: "id")')
@ObjectType('Organization', {
  simpleResolvers: true,
  description: 'A tenant: agents, conversations and members belong to one, and nothing passes between two.',
})
export class OrganizationType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => Date)
  createdAt!: Date;
}

@ObjectType('OrganizationEdge', { simpleResolvers: true, description: 'An organization in a list.' })
export class OrganizationEdge extends edgeOf(() => OrganizationType) {}

@ObjectType('OrganizationConnection', {
  simpleResolvers: true,
  description: 'A page of organizations, the oldest first.',
})
export class OrganizationConnection extends connectionOf(
  () => OrganizationEdge,
  () => OrganizationType,
) {}

@InputType({ description: 'What to change about the organization.' })
export class UpdateOrganizationInput {
  @Field(() => String, { description: 'At most 200 characters.' })
  name!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The organization as it is now.' })
export class UpdateOrganizationPayload {
  @Field(() => OrganizationType)
  organization!: OrganizationType;
}

@InputType({ description: 'A further organization.' })
export class CreateOrganizationInput {
  @Field(() => String, { description: 'At most 200 characters.' })
  name!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The new organization, which `switchOrganization` leads into.' })
export class CreateOrganizationPayload {
  @Field(() => OrganizationType)
  organization!: OrganizationType;
}
