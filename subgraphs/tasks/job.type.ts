import { GraphQLJSON } from 'graphql-scalars';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { TaskErrorType } from './task.type.ts';

export enum TaskJobState {
  HELD = 'HELD',
  QUEUED = 'QUEUED',
  RUNNING = 'RUNNING',
  AWAITING = 'AWAITING',
  SUCCEEDED = 'SUCCEEDED',
  DEAD = 'DEAD',
  CANCELLED = 'CANCELLED',
  SKIPPED = 'SKIPPED',
}

registerEnumType(TaskJobState, {
  name: 'TaskJobState',
  description: 'How far a job of a task is.',
  valuesConfig: {
    HELD: { description: 'Its turn has not come: earlier steps, or others of its batch, go first.' },
    QUEUED: { description: 'It waits for a worker, or for its next attempt.' },
    AWAITING: { description: 'It waits for the end of what it has started, such as a run. No worker is kept busy.' },
    DEAD: { description: 'It is out of attempts, or another would not help. `replayDeadLetters` begins it anew.' },
    SKIPPED: { description: 'A step that was not reached.' },
  },
});

@ObjectType('TaskJob', { simpleResolvers: true, description: 'One piece of queued work of a task.' })
export class TaskJobType {
  @Field(() => ID)
  id!: string;

  @Field(() => ID)
  taskId!: string;

  @Field(() => Int, { description: 'From 0: its place among the jobs of its task.' })
  position!: number;

  @Field(() => String)
  kind!: string;

  @Field(() => TaskJobState)
  state!: TaskJobState;

  @Field(() => String)
  queue!: string;

  @Field(() => GraphQLJSON, {
    description: 'Of a later step of a chain, without what it takes from earlier ones until its turn has come.',
  })
  input!: unknown;

  @Field(() => GraphQLJSON, { nullable: true })
  output!: unknown;

  @Field(() => TaskErrorType, { nullable: true, description: 'What its last failed attempt met.' })
  error!: TaskErrorType | null;

  @Field(() => Int, { description: 'Attempts begun so far.' })
  attempt!: number;

  @Field(() => String, {
    nullable: true,
    description: 'DEFAULT_VALUE or FALLBACK where that took over, as its policy says.',
  })
  recovered!: string | null;

  @Field(() => Date, { description: 'When its next attempt begins at the earliest.' })
  runAfter!: Date;

  @Field(() => Date)
  createdAt!: Date;

  @Field(() => Date, { nullable: true })
  startedAt!: Date | null;

  @Field(() => Date, { nullable: true })
  finishedAt!: Date | null;
}

@ObjectType('TaskJobEdge', { simpleResolvers: true, description: 'A job and where it stands in the list.' })
export class TaskJobEdge extends edgeOf(() => TaskJobType) {}

@ObjectType('TaskJobConnection', { simpleResolvers: true, description: 'A page of jobs.' })
export class TaskJobConnection extends connectionOf(
  () => TaskJobEdge,
  () => TaskJobType,
) {}
