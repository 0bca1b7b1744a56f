import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { z } from 'zod';
import { ConversationEventType } from '../event.type.ts';
import { MessageType } from '../message.type.ts';
import { Participant, type ParticipantReference } from '../participant.type.ts';
import { readEmoji } from './emoji.ts';

/** How many different emoji one message takes. */
export const MAX_KINDS = 20;
/** How many of those who reacted with one emoji are named. */
export const MAX_NAMED = 100;

@ObjectType('Reaction', {
  simpleResolvers: true,
  description: 'One emoji that participants put to a message, as it stands now.',
})
export class ReactionType {
  @Field(() => String)
  emoji!: string;

  @Field(() => Int, { description: 'How many participants put it there.' })
  count!: number;

  @Field(() => Boolean, { description: 'Whether you did.' })
  viewerReacted!: boolean;

  /** Those who did, the first one first, 100 at most: what `users` takes from. */
  reactors!: ParticipantReference[];
}

const implementing = { implements: ConversationEventType, simpleResolvers: true } as const;

@ObjectType('ReactionAdded', { ...implementing, description: 'Somebody put an emoji to a message.' })
export class ReactionAddedType extends ConversationEventType {
  @Field(() => ID)
  messageId!: string;

  @Field(() => String)
  emoji!: string;

  @Field(() => Participant)
  participant!: ParticipantReference;
}

@ObjectType('ReactionRemoved', { ...implementing, description: 'Somebody took an emoji away from a message.' })
export class ReactionRemovedType extends ConversationEventType {
  @Field(() => ID)
  messageId!: string;

  @Field(() => String)
  emoji!: string;

  @Field(() => Participant)
  participant!: ParticipantReference;
}

@InputType({ description: 'The emoji to put to a message.' })
export class AddReactionInput {
  @Field(() => ID)
  messageId!: string;

  @Field(() => String, { description: 'Exactly one emoji.' })
  emoji!: string;
}

@InputType({ description: 'The emoji of your own to take away from a message.' })
export class RemoveReactionInput {
  @Field(() => ID)
  messageId!: string;

  @Field(() => String, { description: 'Exactly one emoji.' })
  emoji!: string;
}

export const reactionSchema = z.object({
  messageId: z.string(),
  emoji: z
    .string()
    .transform(readEmoji)
    .refine((emoji) => emoji !== null, 'Give exactly one emoji')
    .transform((emoji) => emoji as string),
});

@ObjectType({ simpleResolvers: true, description: 'The message with its reactions as they are now.' })
export class AddReactionPayload {
  @Field(() => MessageType)
  message!: unknown;
}

@ObjectType({ simpleResolvers: true, description: 'The message with its reactions as they are now.' })
export class RemoveReactionPayload {
  @Field(() => MessageType)
  message!: unknown;
}
