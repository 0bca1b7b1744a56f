import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { z } from 'zod';
import { isStorable, toWholeCharacters } from '#core/storable-text';
import { LiveModality, LiveSessionType } from './live-session.type.ts';

/** More than anybody says in one breath. */
export const MAX_LIVE_TEXT = 10_000;
/** Two seconds of 16 kHz speech. */
export const MAX_CHUNK_BYTES = 64 * 1024;
const MAX_CHUNK_BASE64 = Math.ceil(MAX_CHUNK_BYTES / 3) * 4;
const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/;
const PCM = /^audio\/pcm;rate=(8000|16000|22050|24000|32000|44100|48000)$/;

@InputType({ description: 'Whom to talk with, and how it answers.' })
export class StartLiveSessionInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => ID, { nullable: true, description: 'An agent of the room; without it the first one.' })
  agentId?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'A model with `capabilities.live`. Without it the agent’s own, where that is one, else the provider’s.',
  })
  model?: string | null;

  @Field(() => LiveModality, { nullable: true, description: 'AUDIO unless given.' })
  modality?: LiveModality | null;

  @Field(() => String, { nullable: true, description: 'One of the provider’s voices, such as Kore.' })
  voice?: string | null;
}

export const startLiveSessionSchema = z.object({
  conversationId: z.string(),
  agentId: z.string().nullish(),
  model: z.string().trim().min(1, 'Name a model or leave it out').max(200, 'At most 200 characters').nullish(),
  modality: z
    .enum(LiveModality)
    .nullish()
    .transform((modality) => modality ?? LiveModality.AUDIO),
  voice: z
    .string()
    .regex(/^[\w-]{1,60}$/, 'It must be the name of a voice, such as Kore')
    .nullish(),
});

@InputType({ description: 'A piece of a recording.' })
export class LiveAudioInput {
  @Field(() => String, { description: 'Base64 of whole samples, 64 KiB of them at most.' })
  data!: string;

  @Field(() => String, { description: 'audio/pcm;rate=16000: 16 bits, little-endian, one channel.' })
  mimeType!: string;
}

@InputType({ description: 'Something said to the model: text, a piece of a recording, or the end of one’s turn.' })
export class SendLiveInputInput {
  @Field(() => ID)
  sessionId!: string;

  @Field(() => Int, {
    description:
      'Counts what you send in this session from 1. Sent twice it has one effect, so that a failed request can be repeated.',
  })
  sequence!: number;

  @Field(() => String, { nullable: true })
  text?: string | null;

  @Field(() => LiveAudioInput, { nullable: true })
  audio?: LiveAudioInput | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'The model is to answer now. Of speech it finds out by itself as well.',
  })
  endOfTurn?: boolean | null;
}

const audio = z.object({
  data: z
    .string()
    .min(1, 'It is empty')
    .max(MAX_CHUNK_BASE64, `At most ${MAX_CHUNK_BYTES} bytes in one piece`)
    .regex(BASE64, { error: 'This is not base64', abort: true })
    .refine((data) => Buffer.from(data, 'base64').length % 2 === 0, 'Samples have two bytes each'),
  mimeType: z.string().regex(PCM, 'It must be audio/pcm with a rate, such as audio/pcm;rate=16000'),
});

export const sendLiveInputSchema = z
  .object({
    sessionId: z.string(),
    sequence: z.number().int().min(1, 'It counts from 1').max(2_000_000_000, 'It is too large'),
    text: z
      .string()
      .min(1, 'Write something or leave it out')
      .max(MAX_LIVE_TEXT, `At most ${MAX_LIVE_TEXT} characters`)
      .refine(isStorable, 'The character U+0000 cannot be stored')
      .transform(toWholeCharacters)
      .nullish()
      .transform((text) => text ?? null),
    audio: audio.nullish().transform((chunk) => chunk ?? null),
    endOfTurn: z
      .boolean()
      .nullish()
      .transform((end) => end ?? false),
  })
  .refine(({ text, audio }) => text == null || audio == null, {
    path: ['audio'],
    error: 'Send text or audio, one at a time',
  })
  .refine(({ text, audio, endOfTurn }) => text != null || audio != null || endOfTurn, {
    error: 'Send text, audio or endOfTurn',
  });

@InputType({ description: 'The session that is over.' })
export class EndLiveSessionInput {
  @Field(() => ID)
  sessionId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The session. Follow it with `liveEvents`.' })
export class StartLiveSessionPayload {
  @Field(() => LiveSessionType)
  session!: unknown;
}

@ObjectType({ simpleResolvers: true, description: 'The input is kept: it will reach the model also if a server dies.' })
export class SendLiveInputPayload {
  @Field(() => Int, { description: 'As it was sent.' })
  sequence!: number;

  @Field(() => Boolean, { description: 'It had been taken before.' })
  duplicate!: boolean;
}

@ObjectType({ simpleResolvers: true, description: 'The session as it ended, now or before.' })
export class EndLiveSessionPayload {
  @Field(() => LiveSessionType)
  session!: unknown;
}
