import { Field, ID, Int, ObjectType } from 'type-graphql';
import { ConversationEventType } from '../event.type.ts';
import { AttachmentType } from './attachment.type.ts';

@ObjectType('MessageAttachmentAdded', {
  implements: ConversationEventType,
  simpleResolvers: true,
  description: 'A picture that an agent has made, in a message that is being written.',
})
export class MessageAttachmentAddedType extends ConversationEventType {
  @Field(() => ID)
  messageId!: string;

  @Field(() => ID)
  runId!: string;

  @Field(() => Int)
  attempt!: number;

  @Field(() => AttachmentType)
  attachment!: unknown;
}
