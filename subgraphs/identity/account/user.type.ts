import { Directive, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { UserKind } from '#prisma/generated/enums';

registerEnumType(UserKind, {
  name: 'UserKind',
  description: 'What kind of user it is.',
  valuesConfig: {
    HUMAN: { description: 'A person.' },
    SERVICE: { description: 'A service account: a program that acts through API keys.' },
  },
});

@Directive('@key(fields: "id")')
@ObjectType('User', {
  simpleResolvers: true,
  description: 'A person or a service account. Whoever has left the organization can still be seen as an author.',
})
export class UserType {
  @Field(() => ID)
  id!: string;

  @Field(() => UserKind)
  kind!: UserKind;

  @Field(() => String)
  name!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Shown to the person and to those who manage members; null for everybody else and for service accounts.',
  })
  email!: string | null;

  @Field(() => Date)
  createdAt!: Date;
}

@InputType({ description: 'What to change about oneself.' })
export class UpdateProfileInput {
  @Field(() => String, { description: 'At most 200 characters.' })
  name!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The user after the change.' })
export class UpdateProfilePayload {
  @Field(() => UserType)
  user!: UserType;
}

@InputType({ description: 'A change of one’s password.' })
export class ChangePasswordInput {
  @Field(() => String, { nullable: true, description: 'Needed unless the account has no password yet.' })
  currentPassword?: string | null;

  @Field(() => String, { description: 'Between 8 and 200 characters.' })
  newPassword!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The password is changed.' })
export class ChangePasswordPayload {
  @Field(() => Int, { description: 'How many other sessions were ended by it.' })
  revokedSessions!: number;
}
