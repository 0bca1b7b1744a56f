import { GraphQLJSON } from 'graphql-scalars';
import { Field, ID, Int, InterfaceType, ObjectType } from 'type-graphql';
import { RunErrorType, UsageType } from '../run.type.ts';
import { LiveEndReason } from './live-session.type.ts';

@InterfaceType('LiveEvent', {
  description: 'Something that happened in a live session. Events come in order, none twice and none missing.',
  resolveType: (value: { __typename: string }) => value.__typename,
})
export abstract class LiveEventType {
  @Field(() => String, { description: 'Pass it as `after` to go on from behind this event.' })
  cursor!: string;

  @Field(() => Date)
  at!: Date;
}

const implementing = { implements: LiveEventType, simpleResolvers: true } as const;
const TURN = { description: 'Counts the turns of the session from 1.' };
const DROP_BEFORE = {
  description:
    'Audio of a lower index that was not played yet is to be dropped; the next has this index or a higher one.',
};

@ObjectType('LiveReady', { ...implementing, description: 'The model listens.' })
export class LiveReadyType extends LiveEventType {
  @Field(() => Boolean, { description: 'Another process of Parley has taken the session over. Nothing is to be done.' })
  resumed!: boolean;
}

@ObjectType('LiveText', { ...implementing, description: 'More of an answer that is written.' })
export class LiveTextType extends LiveEventType {
  @Field(() => Int, TURN)
  turn!: number;

  @Field(() => String)
  text!: string;
}

@ObjectType('LiveAudio', { ...implementing, description: 'More of an answer that is spoken, to be played in order.' })
export class LiveAudioType extends LiveEventType {
  @Field(() => Int, TURN)
  turn!: number;

  @Field(() => Int, { description: 'Counts the pieces of the session from 0.' })
  index!: number;

  @Field(() => String, { description: 'Such as audio/pcm;rate=24000: 16 bits, little-endian, one channel.' })
  mimeType!: string;

  @Field(() => String, { description: 'In base64.' })
  data!: string;
}

@ObjectType('LiveInputTranscript', { ...implementing, description: 'More of what the model understood of the user.' })
export class LiveInputTranscriptType extends LiveEventType {
  @Field(() => Int, TURN)
  turn!: number;

  @Field(() => String)
  text!: string;
}

@ObjectType('LiveOutputTranscript', { ...implementing, description: 'More of what the model says, in words.' })
export class LiveOutputTranscriptType extends LiveEventType {
  @Field(() => Int, TURN)
  turn!: number;

  @Field(() => String)
  text!: string;
}

@ObjectType('LiveToolCall', { ...implementing, description: 'The model asks for a tool. Parley answers it.' })
export class LiveToolCallType extends LiveEventType {
  @Field(() => Int, TURN)
  turn!: number;

  @Field(() => ID)
  callId!: string;

  @Field(() => String)
  name!: string;

  @Field(() => GraphQLJSON)
  arguments!: unknown;
}

@ObjectType('LiveToolResult', { ...implementing, description: 'What the tool answered.' })
export class LiveToolResultType extends LiveEventType {
  @Field(() => Int, TURN)
  turn!: number;

  @Field(() => ID)
  callId!: string;

  @Field(() => String)
  name!: string;

  @Field(() => GraphQLJSON, { nullable: true })
  result!: unknown;

  @Field(() => Boolean, { description: 'The tool failed; then `result` says why.' })
  isError!: boolean;
}

@ObjectType('LiveInterrupted', {
  ...implementing,
  description: 'The user spoke over the model: stop playing. The turn ends with what was said so far.',
})
export class LiveInterruptedType extends LiveEventType {
  @Field(() => Int, TURN)
  turn!: number;

  @Field(() => Int, DROP_BEFORE)
  dropBefore!: number;
}

@ObjectType('LiveTurnRestarted', {
  ...implementing,
  description: 'The model was lost in the middle of a turn and begins it again: what came of this turn so far is void.',
})
export class LiveTurnRestartedType extends LiveEventType {
  @Field(() => Int, TURN)
  turn!: number;

  @Field(() => Int, DROP_BEFORE)
  dropBefore!: number;
}

@ObjectType('LiveTurnCompleted', {
  ...implementing,
  description: 'The model has said all that it was going to say. The words of both are now messages of the room.',
})
export class LiveTurnCompletedType extends LiveEventType {
  @Field(() => Int, TURN)
  turn!: number;

  @Field(() => Boolean, { description: 'The user spoke over it.' })
  interrupted!: boolean;

  @Field(() => ID, { nullable: true, description: 'Null where nothing was understood.' })
  userMessageId!: string | null;

  @Field(() => ID, { nullable: true, description: 'Null where nothing was said.' })
  agentMessageId!: string | null;
}

@ObjectType('LiveUsage', { ...implementing, description: 'Tokens that the provider counted. They add up.' })
export class LiveUsageType extends LiveEventType {
  @Field(() => Int, TURN)
  turn!: number;

  @Field(() => UsageType)
  usage!: UsageType;
}

@ObjectType('LiveSessionEnded', { ...implementing, description: 'The last event of a live session.' })
export class LiveSessionEndedType extends LiveEventType {
  @Field(() => LiveEndReason)
  reason!: LiveEndReason;

  @Field(() => RunErrorType, { nullable: true })
  error!: RunErrorType | null;

  @Field(() => UsageType, { nullable: true, description: 'Of all turns together.' })
  totalUsage!: UsageType | null;
}

@ObjectType('LiveGap', {
  ...implementing,
  description: 'What comes after `after` is no longer kept. The stream goes on from here.',
})
export class LiveGapType extends LiveEventType {}

/** Interfaces name no implementations: these have to be listed for the schema. */
export const LIVE_EVENT_TYPES = [
  LiveReadyType,
  LiveTextType,
  LiveAudioType,
  LiveInputTranscriptType,
  LiveOutputTranscriptType,
  LiveToolCallType,
  LiveToolResultType,
  LiveInterruptedType,
  LiveTurnRestartedType,
  LiveTurnCompletedType,
  LiveUsageType,
  LiveSessionEndedType,
  LiveGapType,
];
