import { Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { AgentStub } from './participant.type.ts';

export enum RunState {
  QUEUED = 'QUEUED',
  RUNNING = 'RUNNING',
  WAITING = 'WAITING',
  SUCCEEDED = 'SUCCEEDED',
  PARTIAL = 'PARTIAL',
  FAILED = 'FAILED',
  CANCELLED = 'CANCELLED',
  LIMIT_REACHED = 'LIMIT_REACHED',
}

export enum RunWait {
  APPROVAL = 'APPROVAL',
  INPUT = 'INPUT',
  BUDGET = 'BUDGET',
}

registerEnumType(RunWait, {
  name: 'RunWait',
  description: 'What a run waits for.',
  valuesConfig: {
    APPROVAL: { description: 'Somebody has to allow a call of a tool, or work beyond a limit.' },
    INPUT: { description: 'Somebody has to choose or answer.' },
    BUDGET: { description: 'A limit of tokens has no room. It goes on by itself when there is.' },
  },
});

registerEnumType(RunState, {
  name: 'RunState',
  description: 'Where a run stands. Every accepted run reaches one of the final states.',
  valuesConfig: {
    QUEUED: { description: 'Accepted; a worker will take it.' },
    RUNNING: { description: 'A worker is at it.' },
    WAITING: { description: 'It waits for a person, an approval or a budget.' },
    SUCCEEDED: { description: 'Final: the reply is complete.' },
    PARTIAL: { description: 'Final: some of its branches failed; what the others made is kept.' },
    FAILED: { description: 'Final: `error` says why.' },
    CANCELLED: { description: 'Final: somebody stopped it.' },
    LIMIT_REACHED: { description: 'Final: a limit ended it; what it made so far is kept.' },
  },
});

@ObjectType('RunError', { simpleResolvers: true, description: 'Why a run failed, in words for people.' })
export class RunErrorType {
  @Field(() => String, { description: 'Such as MODEL_RATE_LIMITED, MODEL_BLOCKED or AGENT_UNAVAILABLE.' })
  code!: string;

  @Field(() => String)
  message!: string;

  @Field(() => Boolean, { description: 'Whether sending the message again may go better.' })
  retryable!: boolean;
}

@ObjectType('Usage', {
  simpleResolvers: true,
  description:
    'Tokens that the model provider counted, all attempts together. Where it counted nothing, as of an answer that was broken off, what Parley estimates.',
})
export class UsageType {
  @Field(() => Int, { description: 'The prompt, cached tokens included.' })
  inputTokens!: number;

  @Field(() => Int, { description: 'Of the prompt, what the provider had cached.' })
  cachedInputTokens!: number;

  @Field(() => Int, { description: 'What the results of tools added to the prompt.' })
  toolUseInputTokens!: number;

  @Field(() => Int, { description: 'The answer, without thinking.' })
  outputTokens!: number;

  @Field(() => Int)
  thinkingTokens!: number;

  @Field(() => Int, { description: 'The provider’s own total.' })
  totalTokens!: number;
}

@Directive('@key(fields: "id")')
@ObjectType('Run', { simpleResolvers: true, description: 'One answer that an agent works on.' })
export class RunType {
  @Field(() => ID)
  id!: string;

  @Field(() => RunState)
  state!: RunState;

  @Field(() => RunWait, { nullable: true, description: 'While it is WAITING: for what.' })
  waitingFor!: RunWait | null;

  @Field(() => AgentStub)
  agent!: AgentStub;

  @Field(() => Int, { nullable: true, description: 'The version of the agent that answers; set when the run begins.' })
  agentVersion!: number | null;

  @Field(() => Int, { description: 'How often the reply was begun. Above 1 what was streamed before is void.' })
  attempt!: number;

  @Field(() => RunErrorType, { nullable: true })
  error!: RunErrorType | null;

  @Field(() => UsageType, { nullable: true, description: 'Null until the provider has counted something.' })
  usage!: UsageType | null;

  @Field(() => Date)
  queuedAt!: Date;

  @Field(() => Date, { nullable: true })
  startedAt!: Date | null;

  @Field(() => Date, { nullable: true })
  finishedAt!: Date | null;
}

@ObjectType('RunEdge', { simpleResolvers: true, description: 'A run and where it stands in the list.' })
export class RunEdge extends edgeOf(() => RunType) {}

@ObjectType('RunConnection', { simpleResolvers: true, description: 'A page of runs, the newest first.' })
export class RunConnection extends connectionOf(
  () => RunEdge,
  () => RunType,
) {}
