import { Field, ID, Int, InterfaceType, ObjectType } from 'type-graphql';
import { ConversationType } from './conversation.type.ts';
import { MessageType } from './message.type.ts';
import { Participant, type ParticipantReference } from './participant.type.ts';
import { RunType } from './run.type.ts';

@InterfaceType('ConversationEvent', {
  description: 'Something that happened in a room. Events come in order, none twice and none missing.',
  resolveType: (value: { __typename: string }) => value.__typename,
})
export abstract class ConversationEventType {
  @Field(() => String, { description: 'Pass it as `after` to go on from behind this event.' })
  cursor!: string;

  @Field(() => Date)
  at!: Date;

  @Field(() => ConversationType)
  conversation!: unknown;
}

const implementing = { implements: ConversationEventType, simpleResolvers: true } as const;

@ObjectType('MessageAdded', {
  ...implementing,
  description: 'A message appeared. That of an agent begins empty and STREAMING; its text follows as deltas.',
})
export class MessageAddedType extends ConversationEventType {
  @Field(() => MessageType, { description: 'As it was at that moment.' })
  message!: unknown;
}

@ObjectType('MessageDelta', { ...implementing, description: 'More text of a message that is being written.' })
export class MessageDeltaType extends ConversationEventType {
  @Field(() => ID)
  messageId!: string;

  @Field(() => ID)
  runId!: string;

  @Field(() => Int)
  attempt!: number;

  @Field(() => Int, { description: 'Counts the deltas of an attempt from 0.' })
  index!: number;

  @Field(() => String)
  text!: string;
}

@ObjectType('ThinkingDelta', {
  ...implementing,
  description: 'More of what the model thinks before it answers. It is not part of the message’s text.',
})
export class ThinkingDeltaType extends ConversationEventType {
  @Field(() => ID)
  messageId!: string;

  @Field(() => ID)
  runId!: string;

  @Field(() => Int)
  attempt!: number;

  @Field(() => String)
  text!: string;
}

@ObjectType('MessageRestarted', {
  ...implementing,
  description: 'The reply is begun again: what was streamed of this message so far is void.',
})
export class MessageRestartedType extends ConversationEventType {
  @Field(() => ID)
  messageId!: string;

  @Field(() => ID)
  runId!: string;

  @Field(() => Int, { description: 'The attempt that begins.' })
  attempt!: number;
}

@ObjectType('MessageCompleted', { ...implementing, description: 'A message took its final form.' })
export class MessageCompletedType extends ConversationEventType {
  @Field(() => MessageType)
  message!: unknown;
}

@ObjectType('RunStateChanged', { ...implementing, description: 'A run moved on.' })
export class RunStateChangedType extends ConversationEventType {
  @Field(() => RunType, { description: 'As it was at that moment.' })
  run!: unknown;
}

@ObjectType('ParticipantJoined', { ...implementing, description: 'Somebody came into the room.' })
export class ParticipantJoinedType extends ConversationEventType {
  @Field(() => Participant)
  participant!: ParticipantReference;
}

@ObjectType('ParticipantLeft', { ...implementing, description: 'Somebody left the room or was taken out of it.' })
export class ParticipantLeftType extends ConversationEventType {
  @Field(() => Participant)
  participant!: ParticipantReference;
}

@ObjectType('ConversationUpdated', { ...implementing, description: 'The room itself changed, such as its title.' })
export class ConversationUpdatedType extends ConversationEventType {
  @Field(() => String, { nullable: true })
  title!: string | null;
}

@ObjectType('StreamGap', {
  ...implementing,
  description:
    'What comes after `after` is no longer kept: load the room anew and resume from `conversation.cursor`. The stream goes on from here.',
})
export class StreamGapType extends ConversationEventType {}

/** Interfaces name no implementations: these have to be listed for the schema. */
export const EVENT_TYPES = [
  MessageAddedType,
  MessageDeltaType,
  ThinkingDeltaType,
  MessageRestartedType,
  MessageCompletedType,
  RunStateChangedType,
  ParticipantJoinedType,
  ParticipantLeftType,
  ConversationUpdatedType,
  StreamGapType,
];
