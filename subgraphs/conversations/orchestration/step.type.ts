import { GraphQLJSON } from 'graphql-scalars';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { ConversationEventType } from '../event.type.ts';
import { AgentStub } from '../participant.type.ts';
import { RunErrorType, RunType, UsageType } from '../run.type.ts';

export enum StepKind {
  MODEL = 'MODEL',
  TOOL = 'TOOL',
  AGENT = 'AGENT',
  DECISION = 'DECISION',
}

registerEnumType(StepKind, {
  name: 'StepKind',
  description: 'What a step is.',
  valuesConfig: {
    MODEL: { description: 'One call of a model.' },
    TOOL: { description: 'One call of a tool.' },
    AGENT: { description: 'An agent or a team that works for another; its own steps are below it.' },
    DECISION: { description: 'A choice, such as who answers, with its reasons.' },
  },
});

export enum StepState {
  RUNNING = 'RUNNING',
  WAITING = 'WAITING',
  SUCCEEDED = 'SUCCEEDED',
  FAILED = 'FAILED',
  CANCELLED = 'CANCELLED',
}

registerEnumType(StepState, {
  name: 'StepState',
  description: 'Where a step stands.',
  valuesConfig: {
    RUNNING: { description: 'It is under way.' },
    WAITING: { description: 'A person has to decide first: see the approvals of its run.' },
    SUCCEEDED: { description: 'It is done, and is not done again.' },
    FAILED: { description: '`error` says why. It is done again only where the run is retried.' },
    CANCELLED: { description: 'It was not needed any more, or its run was stopped.' },
  },
});

@ObjectType('Step', {
  simpleResolvers: true,
  description: 'One thing done within a run. It is stored before what follows it begins.',
})
export class StepType {
  @Field(() => ID)
  id!: string;

  @Field(() => RunType)
  run!: unknown;

  @Field(() => ID, { nullable: true, description: 'The step that it is a part of; null at the top of its run.' })
  parentId!: string | null;

  @Field(() => StepKind)
  kind!: StepKind;

  @Field(() => String, { description: 'Of the tool, the node of a team, or the decision.' })
  name!: string;

  @Field(() => StepState)
  state!: StepState;

  @Field(() => AgentStub, { description: 'Who does it.' })
  agent!: unknown;

  @Field(() => Int, { description: 'The version that works; 0 where the agent could not answer.' })
  agentVersion!: number;

  @Field(() => Int, { description: 'How many agents work for one another here, from 1.' })
  depth!: number;

  @Field(() => Int, { description: 'How often it was begun.' })
  attempt!: number;

  @Field(() => GraphQLJSON, {
    nullable: true,
    description:
      'What it was given: the arguments of a tool; of a call of a model, which model, how many turns, which tools, and in `asked` the newest message.',
  })
  input!: unknown;

  @Field(() => GraphQLJSON, { nullable: true, description: 'What it put out, once it has succeeded.' })
  output!: unknown;

  @Field(() => GraphQLJSON, { nullable: true, description: 'What was chosen, and the reasons.' })
  decision!: unknown;

  @Field(() => RunErrorType, { nullable: true })
  error!: RunErrorType | null;

  @Field(() => UsageType, { nullable: true, description: 'Of its own calls of a model, all attempts together.' })
  usage!: UsageType | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The message that it wrote, where that is not the reply of its run.',
  })
  messageId!: string | null;

  @Field(() => Date)
  startedAt!: Date;

  @Field(() => Date, { nullable: true })
  finishedAt!: Date | null;
}

@ObjectType('StepEdge', { simpleResolvers: true, description: 'A step and where it stands in the list.' })
export class StepEdge extends edgeOf(() => StepType) {}

@ObjectType('StepConnection', { simpleResolvers: true, description: 'A page of steps, in the order they were made.' })
export class StepConnection extends connectionOf(
  () => StepEdge,
  () => StepType,
) {}

const implementing = { implements: ConversationEventType, simpleResolvers: true } as const;

@ObjectType('StepStarted', { ...implementing, description: 'A step of a run began.' })
export class StepStartedType extends ConversationEventType {
  @Field(() => StepType, { description: 'As it was at that moment, but for its input and output.' })
  step!: unknown;
}

@ObjectType('StepFinished', { ...implementing, description: 'A step of a run came to its end.' })
export class StepFinishedType extends ConversationEventType {
  @Field(() => StepType)
  step!: unknown;
}

@ObjectType('ToolCallStarted', { ...implementing, description: 'A tool is being called.' })
export class ToolCallStartedType extends ConversationEventType {
  @Field(() => StepType)
  step!: unknown;
}

@ObjectType('ToolCallFinished', { ...implementing, description: 'A tool has answered or failed.' })
export class ToolCallFinishedType extends ConversationEventType {
  @Field(() => StepType)
  step!: unknown;
}

@InputType({ description: 'The run to be gone on with.' })
export class RetryRunInput {
  @Field(() => ID)
  runId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The run as it is now.' })
export class RetryRunPayload {
  @Field(() => RunType)
  run!: unknown;
}

@InputType({ description: 'The interrupted step that may be done again.' })
export class RequeueStepInput {
  @Field(() => ID)
  stepId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The run of the step, as it is now.' })
export class RequeueStepPayload {
  @Field(() => RunType)
  run!: unknown;
}
