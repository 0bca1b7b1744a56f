import { Directive, Field, ID, ObjectType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { Participant, type ParticipantReference } from './participant.type.ts';
import { ConversationPriorityEnum } from './rule/priority.type.ts';

@Directive('@key(fields: "id")')
@ObjectType('Conversation', {
  simpleResolvers: true,
  description: 'A room in which people and agents write to each other.',
})
export class ConversationType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true })
  title!: string | null;

  @Field(() => Date)
  createdAt!: Date;

  @Field(() => Date, { description: 'When something was last written in it.' })
  lastActivityAt!: Date;

  @Field(() => [String], { description: 'What rules have tagged it with, in that order.' })
  tags!: string[];

  @Field(() => ConversationPriorityEnum, { description: 'How soon what it asks for is worked on: by rules.' })
  priority!: unknown;

  @Field(() => Date, { nullable: true, description: 'When a rule ended it: nobody writes in it any more.' })
  endedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'What the rule that ended it tells people.' })
  endedWhy!: string | null;

  @Field(() => [Participant], { description: 'Who is in the room, in the order in which they came.' })
  participants!: ParticipantReference[];

  @Field(() => String, {
    description:
      'The newest event of the room. A client that has just loaded passes it as `after` to `conversationEvents` and misses nothing.',
  })
  cursor!: string;
}

@ObjectType('ConversationEdge', { simpleResolvers: true, description: 'A room and where it stands in the list.' })
export class ConversationEdge extends edgeOf(() => ConversationType) {}

@ObjectType('ConversationConnection', {
  simpleResolvers: true,
  description: 'A page of rooms, the one with the latest activity first.',
})
export class ConversationConnection extends connectionOf(
  () => ConversationEdge,
  () => ConversationType,
) {}
