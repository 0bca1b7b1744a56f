import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { z } from 'zod';
import { conversationTitle } from '../conversation.input.ts';
import { ConversationType } from '../conversation.type.ts';
import { MessageType } from '../message.type.ts';

@ObjectType('ForkOrigin', { simpleResolvers: true, description: 'Where a room came from.' })
export class ForkOriginType {
  @Field(() => ConversationType)
  conversation!: unknown;

  @Field(() => MessageType, {
    nullable: true,
    description: 'The last message that was taken along; null where it is no longer kept.',
  })
  message!: unknown;

  @Field(() => Date)
  at!: Date;
}

@InputType({ description: 'From where a new room goes on, and who comes along.' })
export class ForkConversationInput {
  @Field(() => ID, { description: 'The last message that is taken along, in any of its versions.' })
  messageId!: string;

  @Field(() => String, { nullable: true, description: 'That of the room it comes from unless given.' })
  title?: string | null;

  @Field(() => Boolean, { nullable: true, defaultValue: true, description: 'Whether the agents come along.' })
  withAgents?: boolean | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, description: 'Whether the people come along.' })
  withPeople?: boolean | null;
}

export const forkConversationSchema = z.object({
  messageId: z.string(),
  title: conversationTitle.nullish(),
  withAgents: z
    .boolean()
    .nullish()
    .transform((value) => value ?? true),
  withPeople: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
});

@ObjectType({ simpleResolvers: true, description: 'The new room.' })
export class ForkConversationPayload {
  @Field(() => ConversationType)
  conversation!: unknown;
}
