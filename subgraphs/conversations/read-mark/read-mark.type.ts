import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { z } from 'zod';
import { ConversationType } from '../conversation.type.ts';
import { ConversationEventType } from '../event.type.ts';
import { Participant, type ParticipantReference } from '../participant.type.ts';

@ObjectType('ReadMark', { simpleResolvers: true, description: 'How far somebody has read in a room.' })
export class ReadMarkType {
  @Field(() => Participant)
  participant!: ParticipantReference;

  @Field(() => ID, { description: 'The last message that was read.' })
  messageId!: string;

  @Field(() => Date, { description: 'When it was marked.' })
  at!: Date;
}

@ObjectType('ReadMarkMoved', {
  implements: ConversationEventType,
  simpleResolvers: true,
  description: 'Somebody has read further.',
})
export class ReadMarkMovedType extends ConversationEventType {
  @Field(() => ID, { description: 'The last message that was read.' })
  messageId!: string;

  @Field(() => Participant)
  participant!: ParticipantReference;
}

@InputType({ description: 'How far you have read: up to a message, or up to a cursor. Give one of the two.' })
export class MarkReadInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => ID, { nullable: true })
  messageId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Of a message in its list, of an event, or `conversation.cursor`: everything up to there is read.',
  })
  cursor?: string | null;
}

export const markReadSchema = z
  .object({ conversationId: z.string(), messageId: z.string().nullish(), cursor: z.string().nullish() })
  .refine(({ messageId, cursor }) => (messageId == null) !== (cursor == null), {
    error: 'Give either messageId or cursor',
  });

@ObjectType({ simpleResolvers: true, description: 'The room as you have read it now.' })
export class MarkReadPayload {
  @Field(() => ConversationType)
  conversation!: unknown;
}
