import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { z } from 'zod';
import { ConversationType } from '../conversation.type.ts';
import { ConversationEventType } from '../event.type.ts';
import { AgentStub, UserStub } from '../participant.type.ts';
import { RunType } from '../run.type.ts';

export enum TakeOverRuns {
  STOP = 'STOP',
  LET_END = 'LET_END',
}

registerEnumType(TakeOverRuns, {
  name: 'TakeOverRuns',
  description: 'What becomes of the runs of the agents that are silenced.',
  valuesConfig: {
    STOP: { description: 'They are cancelled; what they have written so far is kept.' },
    LET_END: { description: 'Those that have begun come to their end; those that wait for their turn are cancelled.' },
  },
});

@ObjectType('Takeover', {
  simpleResolvers: true,
  description: 'That a person speaks for agents of a room, who answer nothing until they are handed it back.',
})
export class TakeoverType {
  @Field(() => AgentStub, { nullable: true, description: 'Who is silenced; null for all agents of the room.' })
  agent!: AgentStub | null;

  @Field(() => UserStub, { description: 'Who took over.' })
  by!: UserStub;

  @Field(() => Date)
  since!: Date;
}

const implementing = { implements: ConversationEventType, simpleResolvers: true } as const;

@ObjectType('ConversationTakenOver', {
  ...implementing,
  description: 'A person speaks for agents of the room from now on.',
})
export class ConversationTakenOverType extends ConversationEventType {
  @Field(() => TakeoverType)
  takeover!: TakeoverType;
}

@ObjectType('ConversationHandedBack', { ...implementing, description: 'Agents of the room answer again.' })
export class ConversationHandedBackType extends ConversationEventType {
  @Field(() => TakeoverType, { description: 'What has ended.' })
  takeover!: TakeoverType;

  @Field(() => UserStub, { description: 'Who handed it back.' })
  by!: UserStub;
}

@InputType({ description: 'For whom a person speaks.' })
export class TakeOverConversationInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The agent that is to be silent; all of the room, and those to come, unless given.',
  })
  agentId?: string | null;

  @Field(() => TakeOverRuns, { nullable: true, defaultValue: TakeOverRuns.STOP })
  runs?: TakeOverRuns | null;
}

@InputType({ description: 'Who is to answer again.' })
export class HandBackConversationInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The agent that was silenced for itself; what was taken over as a whole unless given.',
  })
  agentId?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Whether the last message is to be answered now, where a person wrote it.',
  })
  answer?: boolean | null;
}

export const takeOverSchema = z.object({
  conversationId: z.string(),
  agentId: z.string().nullish(),
  runs: z
    .enum(TakeOverRuns)
    .nullish()
    .transform((value) => value ?? TakeOverRuns.STOP),
});

export const handBackSchema = z.object({
  conversationId: z.string(),
  agentId: z.string().nullish(),
  answer: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
});

@ObjectType({ simpleResolvers: true, description: 'The room as it is now.' })
export class TakeOverConversationPayload {
  @Field(() => ConversationType)
  conversation!: unknown;

  @Field(() => TakeoverType)
  takeover!: TakeoverType;
}

@ObjectType({ simpleResolvers: true, description: 'The room as it is now, and the answer to come.' })
export class HandBackConversationPayload {
  @Field(() => ConversationType)
  conversation!: unknown;

  @Field(() => RunType, { nullable: true, description: 'Null where nothing is to be answered.' })
  run!: unknown;
}
