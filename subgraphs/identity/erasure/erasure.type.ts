import { Field, ID, InputType, ObjectType } from 'type-graphql';

@InputType({ description: 'The person who is to be erased from the organization.' })
export class ErasePersonInput {
  @Field(() => ID, { description: 'Somebody who is or was a member. Your own id erases yourself.' })
  userId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'What was erased at once. What the person wrote follows soon.' })
export class ErasePersonPayload {
  @Field(() => ID)
  erasedUserId!: string;

  @Field(() => Boolean, {
    description: 'Whether the account went as well: it belonged to no other organization any more.',
  })
  accountErased!: boolean;
}
