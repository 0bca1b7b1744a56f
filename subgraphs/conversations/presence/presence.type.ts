import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { z } from 'zod';
import { ConversationType } from '../conversation.type.ts';
import { Participant, type ParticipantReference } from '../participant.type.ts';

@ObjectType('RoomPresence', {
  simpleResolvers: true,
  description: 'Who is in a room at this moment. Each one stands for itself: only the newest counts.',
})
export class RoomPresenceType {
  @Field(() => ConversationType)
  conversation!: unknown;

  @Field(() => [Participant], { description: 'Those who take part and follow the room just now.' })
  here!: ParticipantReference[];

  @Field(() => [Participant], { description: 'Those who said within the last seconds that they are typing.' })
  typing!: ParticipantReference[];
}

@InputType({ description: 'Whether you are typing.' })
export class SetTypingInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => Boolean, { nullable: true, defaultValue: true, description: 'False ends it at once.' })
  typing?: boolean | null;
}

export const setTypingSchema = z.object({
  conversationId: z.string(),
  typing: z
    .boolean()
    .nullish()
    .transform((value) => value ?? true),
});

@ObjectType({ simpleResolvers: true, description: 'For how long it is shown.' })
export class SetTypingPayload {
  @Field(() => Date, {
    nullable: true,
    description: 'When it ends by itself: whoever goes on typing says so again before. Null once it has ended.',
  })
  expiresAt!: Date | null;
}
