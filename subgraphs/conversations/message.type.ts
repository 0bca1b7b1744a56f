import { createUnionType, Directive, Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { AttachmentType, FilePartType, ImagePartType } from './attachment/attachment.type.ts';
import type { AttachmentPartValue } from './attachment/attachment-value.ts';
import { ConversationType } from './conversation.type.ts';
import { Participant, type ParticipantReference } from './participant.type.ts';
import { RunType } from './run.type.ts';

export enum MessageStatus {
  STREAMING = 'STREAMING',
  COMPLETE = 'COMPLETE',
  CANCELLED = 'CANCELLED',
  FAILED = 'FAILED',
}

registerEnumType(MessageStatus, {
  name: 'MessageStatus',
  description: 'Whether a message is being written, was finished, or ended early with what it had.',
  valuesConfig: {
    STREAMING: { description: 'An agent is writing it. Its text so far comes as `MessageDelta` events.' },
    COMPLETE: { description: 'It will not change.' },
    CANCELLED: { description: 'Its run was cancelled, or its speaker was interrupted; the text so far is kept.' },
    FAILED: { description: 'Its run failed; the text so far is kept, and `run.error` says why.' },
  },
});

@ObjectType('TextPart', { simpleResolvers: true, description: 'A piece of text.' })
export class TextPartType {
  @Field(() => String)
  text!: string;
}

@ObjectType('ThinkingPart', {
  simpleResolvers: true,
  description: 'What the model says it thought before it answered, where its agent shows that.',
})
export class ThinkingPartType {
  @Field(() => String)
  text!: string;
}

export const MessagePart = createUnionType({
  name: 'MessagePart',
  description: 'What a message is made of, in order.',
  types: () => [TextPartType, ThinkingPartType, ImagePartType, FilePartType] as const,
  resolveType: (value: unknown) => (value as { __typename: string }).__typename,
});

/** A part as it is stored and handed out. */
export type MessagePartValue = { __typename: 'TextPart' | 'ThinkingPart'; text: string } | AttachmentPartValue;

@Directive('@key(fields: "id")')
@ObjectType('Message', { simpleResolvers: true, description: 'Something that a participant wrote in a room.' })
export class MessageType {
  @Field(() => ID)
  id!: string;

  @Field(() => ConversationType)
  conversation!: unknown;

  @Field(() => Participant, { description: 'Who wrote it.' })
  author!: ParticipantReference;

  @Field(() => String, {
    description:
      'Its text parts, joined. Of a message that is being written, what there is up to `conversation.cursor`.',
  })
  text!: string;

  @Field(() => [MessagePart])
  parts!: unknown[];

  @Field(() => [AttachmentType], { description: 'The pictures and other files among its parts, in order.' })
  attachments!: unknown[];

  @Field(() => MessageStatus)
  status!: MessageStatus;

  @Field(() => RunType, { nullable: true, description: 'The run that wrote it, where an agent did.' })
  run!: unknown;

  @Field(() => Date, {
    nullable: true,
    description: 'When its run was taken back by a message with `whenBusy: ROLLBACK`: agents see it no more.',
  })
  rolledBackAt!: unknown;

  @Field(() => Date)
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: 'When it took its final form.' })
  completedAt!: Date | null;
}

@ObjectType('MessageEdge', { simpleResolvers: true, description: 'A message and where it stands in the history.' })
export class MessageEdge extends edgeOf(() => MessageType) {}

@ObjectType('MessageConnection', {
  simpleResolvers: true,
  description: 'A page of the history of a room, oldest first.',
})
export class MessageConnection extends connectionOf(
  () => MessageEdge,
  () => MessageType,
) {}

/** How many positions a page may have at most; more than other lists, since history is read in long stretches. */
export const MAX_HISTORY_PAGE = 200;
