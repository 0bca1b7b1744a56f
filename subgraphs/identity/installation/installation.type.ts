import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql';

@Directive('@inaccessible')
@InputType({ description: 'The first owner of an installation, and the organization.' })
export class FoundInstallationInput {
  @Field(() => String)
  email!: string;

  @Field(() => String)
  password!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String)
  organizationName!: string;
}

@Directive('@inaccessible')
@ObjectType({ simpleResolvers: true, description: 'What was made for the first start of an installation.' })
export class FoundInstallationPayload {
  @Field(() => ID)
  userId!: string;

  @Field(() => ID)
  organizationId!: string;
}
