import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { z } from 'zod';
import { displayName } from '#core/display-name';
import { isStorable, toWholeCharacters } from '#core/storable-text';
import { ConversationType } from './conversation.type.ts';
import { MessageType } from './message.type.ts';
import { RunType } from './run.type.ts';

/** Longer than any person types, and within what every model takes. */
export const MAX_TEXT = 100_000;
/** Files that go with one message. */
const MAX_ATTACHMENTS = 10;
export const MAX_TITLE = 200;
/** People and agents that one call brings into a room, each, and all that a room takes. */
const MAX_PARTICIPANTS = 50;
export const MAX_IN_ROOM = 100;

export enum WhenBusy {
  ENQUEUE = 'ENQUEUE',
  REJECT = 'REJECT',
  INTERRUPT = 'INTERRUPT',
  ROLLBACK = 'ROLLBACK',
}

registerEnumType(WhenBusy, {
  name: 'WhenBusy',
  description: 'What a message does while a run of the room is not finished yet.',
  valuesConfig: {
    ENQUEUE: { description: 'Its own run waits for the others to end. The default.' },
    REJECT: { description: 'It is refused with CONFLICT.' },
    INTERRUPT: { description: 'The others are cancelled; what they have written so far is kept.' },
    ROLLBACK: {
      description:
        'The others are cancelled and taken back: what they have written is marked, and agents see it no more. What their tools did stays; `run.rollback` tells of it.',
    },
  },
});

const ids = (noun: string) =>
  z
    .array(z.uuid(`This is not the id of ${noun}`))
    .max(MAX_PARTICIPANTS, `At most ${MAX_PARTICIPANTS} in one call`)
    .transform((list) => [...new Set(list)]);

/** Whatever people type, as far as it can be stored. */
export const messageText = z
  .string()
  .refine(isStorable, 'The character U+0000 cannot be stored')
  .transform(toWholeCharacters);

export const conversationTitle = displayName({ max: MAX_TITLE, empty: 'Write a title or leave it out' });

@InputType({ description: 'A new room, and who is in it beside its maker.' })
export class CreateConversationInput {
  @Field(() => String, { nullable: true })
  title?: string | null;

  @Field(() => [ID], {
    nullable: true,
    description: 'Agents to be in the room. The first that can answers unless another is mentioned.',
  })
  agentIds?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'People to be in the room beside oneself.' })
  userIds?: string[] | null;
}

export const createConversationSchema = z.object({
  title: conversationTitle.nullish(),
  agentIds: ids('an agent')
    .nullish()
    .transform((list) => list ?? []),
  userIds: ids('a user')
    .nullish()
    .transform((list) => list ?? []),
});

@InputType({ description: 'What changes about a room.' })
export class UpdateConversationInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => String, { nullable: true, description: 'Null takes the title away.' })
  title?: string | null;
}

export const updateConversationSchema = z.object({
  conversationId: z.string(),
  title: conversationTitle.nullable().optional(),
});

@InputType({ description: 'The room that goes, with everything in it.' })
export class DeleteConversationInput {
  @Field(() => ID)
  conversationId!: string;
}

@InputType({ description: 'Who comes into a room.' })
export class AddParticipantsInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => [ID], { nullable: true })
  agentIds?: string[] | null;

  @Field(() => [ID], { nullable: true })
  userIds?: string[] | null;
}

export const addParticipantsSchema = createConversationSchema
  .omit({ title: true })
  .extend({ conversationId: z.string() })
  .refine(({ agentIds, userIds }) => agentIds.length + userIds.length > 0, {
    error: 'Name at least one user or agent',
  });

@InputType({ description: 'Who leaves a room, or is taken out of it.' })
export class RemoveParticipantInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => ID, { description: 'A user or an agent. Your own id leaves the room.' })
  participantId!: string;
}

@InputType({ description: 'What is written, where, and who is to answer.' })
export class SendMessageInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => String)
  text!: string;

  @Field(() => [ID], {
    nullable: true,
    description:
      'Files that you have uploaded with `POST /uploads` and not sent yet, ten at most. With them the text may be empty.',
  })
  attachmentIds?: string[] | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'Which agent of the room answers; CONFLICT where it cannot. Without it a mention such as `@Name` decides, else the first that can.',
  })
  agentId?: string | null;

  @Field(() => WhenBusy, { nullable: true, defaultValue: WhenBusy.ENQUEUE })
  whenBusy?: WhenBusy | null;
}

export const sendMessageSchema = z
  .object({
    conversationId: z.string(),
    text: messageText.pipe(z.string().max(MAX_TEXT, `At most ${MAX_TEXT} characters`)),
    attachmentIds: z
      .array(z.uuid('This is not the id of an upload'))
      .max(MAX_ATTACHMENTS, `At most ${MAX_ATTACHMENTS} in one message`)
      .nullish()
      .transform((list) => [...new Set(list)]),
    agentId: z.string().nullish(),
    whenBusy: z
      .enum(WhenBusy)
      .nullish()
      .transform((value) => value ?? WhenBusy.ENQUEUE),
  })
  .refine(({ text: said, attachmentIds }) => said.trim().length > 0 || attachmentIds.length > 0, {
    error: 'Write something',
    path: ['text'],
  });

@InputType({ description: 'The answer that is to stop.' })
export class CancelRunInput {
  @Field(() => ID)
  runId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The room that was made.' })
export class CreateConversationPayload {
  @Field(() => ConversationType)
  conversation!: unknown;
}

@ObjectType({ simpleResolvers: true, description: 'The room as it is now.' })
export class UpdateConversationPayload {
  @Field(() => ConversationType)
  conversation!: unknown;
}

@ObjectType({ simpleResolvers: true, description: 'The room that is no more.' })
export class DeleteConversationPayload {
  @Field(() => ID)
  deletedConversationId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The room with its newcomers.' })
export class AddParticipantsPayload {
  @Field(() => ConversationType)
  conversation!: unknown;
}

@ObjectType({ simpleResolvers: true, description: 'Who is no longer in the room.' })
export class RemoveParticipantPayload {
  @Field(() => ID)
  removedParticipantId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The message as it was kept, and the answer to come.' })
export class SendMessagePayload {
  @Field(() => MessageType)
  message!: unknown;

  @Field(() => RunType, {
    nullable: true,
    description: 'The answer to come. Null where no agent answers, such as while a person has taken over.',
  })
  run!: unknown;
}

@ObjectType({ simpleResolvers: true, description: 'The run as it is now: one that a worker has ends a moment later.' })
export class CancelRunPayload {
  @Field(() => RunType, { description: 'A run that has ended already stays as it is.' })
  run!: unknown;
}
