import { GraphQLJSON } from 'graphql-scalars';
import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { RunStub, TaskErrorType } from './task.type.ts';

export enum TaskExecutionState {
  RUNNING = 'RUNNING',
  SUCCEEDED = 'SUCCEEDED',
  FAILED = 'FAILED',
  TIMED_OUT = 'TIMED_OUT',
  CANCELLED = 'CANCELLED',
  LOST = 'LOST',
}

registerEnumType(TaskExecutionState, {
  name: 'TaskExecutionState',
  description: 'How far an attempt is.',
  valuesConfig: {
    LOST: { description: 'Its worker is gone or was stopped; the job goes on with another attempt.' },
  },
});

@ObjectType('TaskExecution', { simpleResolvers: true, description: 'One attempt at a job.' })
export class TaskExecutionType {
  @Field(() => ID)
  id!: string;

  @Field(() => ID)
  taskId!: string;

  @Field(() => ID)
  jobId!: string;

  @Field(() => Int, { description: 'From 1.' })
  attempt!: number;

  @Field(() => TaskExecutionState)
  state!: TaskExecutionState;

  @Field(() => ID, { description: 'The process that worked on it.' })
  workerId!: string;

  @Field(() => Int, { description: 'From when it could begin to when it began, in milliseconds.' })
  waitMs!: number;

  @Field(() => Float, { nullable: true, description: 'How much is done, from 0 to 1, where that is known.' })
  progress!: number | null;

  @Field(() => String, { nullable: true, description: 'What it is at, in words.' })
  note!: string | null;

  @Field(() => RunStub, { nullable: true, description: 'The run that it started.' })
  run!: RunStub | null;

  @Field(() => GraphQLJSON, { nullable: true })
  output!: unknown;

  @Field(() => TaskErrorType, { nullable: true })
  error!: TaskErrorType | null;

  @Field(() => Date)
  startedAt!: Date;

  @Field(() => Date, { nullable: true })
  finishedAt!: Date | null;
}

@ObjectType('TaskExecutionEdge', { simpleResolvers: true, description: 'An attempt and where it stands in the list.' })
export class TaskExecutionEdge extends edgeOf(() => TaskExecutionType) {}

@ObjectType('TaskExecutionConnection', {
  simpleResolvers: true,
  description: 'A page of attempts, the first one first.',
})
export class TaskExecutionConnection extends connectionOf(
  () => TaskExecutionEdge,
  () => TaskExecutionType,
) {}

@ObjectType('TaskLogLine', { simpleResolvers: true, description: 'What an attempt had to say about itself.' })
export class TaskLogLineType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'INFO or WARN.' })
  level!: string;

  @Field(() => String)
  text!: string;

  @Field(() => Date)
  at!: Date;
}

@ObjectType('TaskLogLineEdge', { simpleResolvers: true, description: 'A line and where it stands in the list.' })
export class TaskLogLineEdge extends edgeOf(() => TaskLogLineType) {}

@ObjectType('TaskLogLineConnection', { simpleResolvers: true, description: 'A page of lines, the first one first.' })
export class TaskLogLineConnection extends connectionOf(
  () => TaskLogLineEdge,
  () => TaskLogLineType,
) {}
