import { GraphQLJSON } from 'graphql-scalars';
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';

export enum TaskState {
  QUEUED = 'QUEUED',
  RUNNING = 'RUNNING',
  SUCCEEDED = 'SUCCEEDED',
  PARTIAL = 'PARTIAL',
  FAILED = 'FAILED',
  CANCELLED = 'CANCELLED',
}

registerEnumType(TaskState, {
  name: 'TaskState',
  description: 'How far a task is.',
  valuesConfig: {
    QUEUED: { description: 'Accepted and stored; nothing of it has begun.' },
    RUNNING: { description: 'Some of it has begun, and not all has ended.' },
    PARTIAL: { description: 'Some of its jobs have succeeded, others have not: those can be replayed alone.' },
    FAILED: { description: 'None of it could be done, or its time was over; `error` says why.' },
  },
});

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('User', { simpleResolvers: true })
export class UserStub {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Run', { simpleResolvers: true })
export class RunStub {
  @Field(() => ID)
  id!: string;
}

@ObjectType('TaskError', {
  simpleResolvers: true,
  description: 'Why something of a task went wrong, in words for people.',
})
export class TaskErrorType {
  @Field(() => String, { description: 'Such as TIMED_OUT, HTTP_503 or the code of a run: what `retryOn` names.' })
  code!: string;

  @Field(() => String)
  message!: string;

  @Field(() => Boolean, { description: 'Whether the same may go better later.' })
  retryable!: boolean;
}

@Directive('@key(fields: "id")')
@ObjectType('Task', {
  simpleResolvers: true,
  description: 'Something that is to be done, however long it takes and whatever is lost meanwhile.',
})
export class TaskType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'One of `taskKinds`.' })
  kind!: string;

  @Field(() => TaskState)
  state!: TaskState;

  @Field(() => GraphQLJSON, { description: 'As the kind takes it, defaults filled in.' })
  input!: unknown;

  @Field(() => GraphQLJSON, { description: 'How hard it is tried, as `TaskPolicyInput`, defaults filled in.' })
  policy!: unknown;

  @Field(() => GraphQLJSON, { nullable: true, description: 'What came of it; null as long as nothing did.' })
  output!: unknown;

  @Field(() => TaskErrorType, { nullable: true })
  error!: TaskErrorType | null;

  @Field(() => String, { description: 'The queue that its jobs go through.' })
  queue!: string;

  @Field(() => Int, { description: 'Jobs of a higher priority begin first within their queue.' })
  priority!: number;

  @Field(() => String, { nullable: true, description: 'Of the tasks of one key that are not over there is one.' })
  dedupeKey!: string | null;

  @Field(() => String, { nullable: true, description: 'Of the jobs of one key, one is worked on at a time.' })
  concurrencyKey!: string | null;

  @Field(() => UserStub, { description: 'The person or service account on whose behalf it is done.' })
  createdBy!: UserStub;

  @Field(() => Date)
  createdAt!: Date;

  @Field(() => Date, { nullable: true })
  startedAt!: Date | null;

  @Field(() => Date, { nullable: true })
  finishedAt!: Date | null;

  @Field(() => Date, { nullable: true, description: 'When it ends whether it is done or not.' })
  expiresAt!: Date | null;

  @Field(() => Date, { nullable: true, description: 'When somebody asked for its end.' })
  cancelRequestedAt!: Date | null;
}

@ObjectType('TaskEdge', { simpleResolvers: true, description: 'A task and where it stands in the list.' })
export class TaskEdge extends edgeOf(() => TaskType) {}

@ObjectType('TaskConnection', { simpleResolvers: true, description: 'A page of tasks, the newest first.' })
export class TaskConnection extends connectionOf(
  () => TaskEdge,
  () => TaskType,
) {}
