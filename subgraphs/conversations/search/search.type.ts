import { Field, Float, ID, InputType, ObjectType } from 'type-graphql';
import { z } from 'zod';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { isStorable, toWholeCharacters } from '#core/storable-text';
import { MessageType } from '../message.type.ts';

const MAX_QUERY = 200;

@ObjectType('SnippetPart', {
  simpleResolvers: true,
  description: 'A piece of a message around what was found. Plain text, to be escaped like any other.',
})
export class SnippetPartType {
  @Field(() => String)
  text!: string;

  @Field(() => Boolean, { description: 'Whether this piece is what was found.' })
  isMatch!: boolean;
}

@ObjectType('MessageSearchEdge', {
  simpleResolvers: true,
  description: 'A message that was found, and how well it fits.',
})
export class MessageSearchEdge extends edgeOf(() => MessageType) {
  @Field(() => Float, { description: 'How well it fits, among what this search found; more is better.' })
  rank!: number;

  @Field(() => [SnippetPartType], { description: 'Around what was found.' })
  snippet!: SnippetPartType[];
}

@ObjectType('MessageSearchConnection', {
  simpleResolvers: true,
  description: 'A page of what was found, the newest first. `totalCount` counts to 1,000.',
})
export class MessageSearchConnection extends connectionOf(
  () => MessageSearchEdge,
  () => MessageType,
) {}

@InputType({ description: 'Where to search. What is left out does not matter.' })
export class MessageSearchFilter {
  @Field(() => ID, { nullable: true })
  conversationId?: string | null;

  @Field(() => ID, { nullable: true, description: 'A user or an agent.' })
  authorId?: string | null;

  @Field(() => Date, { nullable: true, description: 'Written at this moment or later.' })
  after?: Date | null;

  @Field(() => Date, { nullable: true, description: 'Written before this moment.' })
  before?: Date | null;
}

export const searchSchema = z
  .string()
  .refine(isStorable, 'The character U+0000 is in no message')
  .transform(toWholeCharacters)
  .pipe(z.string().max(MAX_QUERY, `At most ${MAX_QUERY} characters`))
  .refine((text) => text.trim() !== '', 'Write what to search for');
