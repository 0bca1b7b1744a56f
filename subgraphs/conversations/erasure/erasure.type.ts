import { Field, ObjectType } from 'type-graphql';
import { ConversationEventType } from '../event.type.ts';
import { Participant, type ParticipantReference } from '../participant.type.ts';

@ObjectType('PersonErased', {
  implements: ConversationEventType,
  simpleResolvers: true,
  description: 'What somebody wrote in the room is gone for good: drop what you hold of it.',
})
export class PersonErasedType extends ConversationEventType {
  @Field(() => Participant)
  participant!: ParticipantReference;
}
