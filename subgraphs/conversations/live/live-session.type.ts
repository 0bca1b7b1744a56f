import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { ConversationType } from '../conversation.type.ts';
import { AgentStub } from '../participant.type.ts';
import { RunErrorType, UsageType } from '../run.type.ts';

export enum LiveSessionState {
  STARTING = 'STARTING',
  ACTIVE = 'ACTIVE',
  ENDED = 'ENDED',
  FAILED = 'FAILED',
}

registerEnumType(LiveSessionState, {
  name: 'LiveSessionState',
  description: 'Where a live session stands.',
  valuesConfig: {
    STARTING: { description: 'The model is being connected. Input is taken already.' },
    ACTIVE: { description: 'The model listens.' },
    ENDED: { description: 'Final: `endReason` says why.' },
    FAILED: { description: 'Final: `error` says why.' },
  },
});

export enum LiveEndReason {
  ENDED_BY_USER = 'ENDED_BY_USER',
  IDLE = 'IDLE',
  TIME_LIMIT = 'TIME_LIMIT',
  LEFT_ROOM = 'LEFT_ROOM',
  TAKEN_OVER = 'TAKEN_OVER',
  TOKEN_LIMIT = 'TOKEN_LIMIT',
  ACCESS_REVOKED = 'ACCESS_REVOKED',
  AGENT_UNAVAILABLE = 'AGENT_UNAVAILABLE',
  UPSTREAM_FAILED = 'UPSTREAM_FAILED',
}

registerEnumType(LiveEndReason, {
  name: 'LiveEndReason',
  description: 'Why a live session ended.',
  valuesConfig: {
    ENDED_BY_USER: { description: 'By `endLiveSession`.' },
    IDLE: { description: 'Nobody said anything for too long.' },
    TIME_LIMIT: { description: 'It lasted as long as one may.' },
    LEFT_ROOM: { description: 'Its user or its agent is no longer in the room.' },
    TAKEN_OVER: { description: 'A person has taken over from its agent.' },
    TOKEN_LIMIT: { description: 'A limit of tokens has nothing left; see `tokenLimits`.' },
    ACCESS_REVOKED: {
      description: 'The session or API key that it was started with no longer holds, or may no longer write.',
    },
    AGENT_UNAVAILABLE: { description: 'The agent was archived.' },
    UPSTREAM_FAILED: { description: 'The model could not be reached, or not go on; see `error`.' },
  },
});

export enum LiveModality {
  AUDIO = 'AUDIO',
  TEXT = 'TEXT',
}

registerEnumType(LiveModality, {
  name: 'LiveModality',
  description: 'How the model answers in a live session.',
  valuesConfig: {
    AUDIO: { description: 'It speaks; what it says is transcribed as well.' },
    TEXT: { description: 'It writes. Not every live model can.' },
  },
});

@ObjectType('LiveSession', {
  simpleResolvers: true,
  description:
    'Somebody who talks with an agent of a room by voice. Only that person sees it; the room sees its turns.',
})
export class LiveSessionType {
  @Field(() => ID)
  id!: string;

  @Field(() => ConversationType)
  conversation!: unknown;

  @Field(() => AgentStub)
  agent!: AgentStub;

  @Field(() => Int, { description: 'The version of the agent that it was started with, and keeps.' })
  agentVersion!: number;

  @Field(() => String, { description: 'With the prefix of its provider: gemini/gemini-3.8-live.' })
  model!: string;

  @Field(() => LiveModality)
  modality!: LiveModality;

  @Field(() => LiveSessionState)
  state!: LiveSessionState;

  @Field(() => Int, { description: 'How many turns have ended.' })
  turns!: number;

  @Field(() => LiveEndReason, { nullable: true })
  endReason!: LiveEndReason | null;

  @Field(() => RunErrorType, { nullable: true })
  error!: RunErrorType | null;

  @Field(() => UsageType, { nullable: true, description: 'Of all turns together. Null until something was counted.' })
  usage!: UsageType | null;

  @Field(() => Date)
  startedAt!: Date;

  @Field(() => Date, { description: 'When it will be ended at the latest.' })
  expiresAt!: Date;

  @Field(() => Date, { nullable: true })
  endedAt!: Date | null;

  @Field(() => String, { description: 'Its newest event: pass it as `after` to `liveEvents` and miss nothing.' })
  cursor!: unknown;
}
