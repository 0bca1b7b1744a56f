import { GraphQLJSON } from 'graphql-scalars';
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { z } from 'zod';
import { keyText, taskPolicySchema } from './attempt/task-policy.ts';
import { TaskJobType } from './job.type.ts';
import { TaskState, TaskType } from './task.type.ts';

export enum BackoffKind {
  FIXED = 'FIXED',
  LINEAR = 'LINEAR',
  EXPONENTIAL = 'EXPONENTIAL',
}

registerEnumType(BackoffKind, {
  name: 'BackoffKind',
  description: 'How the pauses between attempts grow.',
  valuesConfig: {
    FIXED: { description: 'All alike.' },
    LINEAR: { description: 'By `delayMs` with each.' },
    EXPONENTIAL: { description: 'Twice as long with each.' },
  },
});

export enum OnTaskFailure {
  STOP = 'STOP',
  DEFAULT_VALUE = 'DEFAULT_VALUE',
  FALLBACK = 'FALLBACK',
}

registerEnumType(OnTaskFailure, {
  name: 'OnTaskFailure',
  description: 'What becomes of a job that is out of attempts, or that another would not help.',
  valuesConfig: {
    STOP: { description: 'It is dead: it can be replayed.' },
    DEFAULT_VALUE: { description: 'It succeeds with `defaultValue` as its output.' },
    FALLBACK: { description: 'Another agent works on it, with as many attempts.' },
  },
});

@InputType({ description: 'How the pauses between attempts grow.' })
export class BackoffInput {
  @Field(() => BackoffKind, { nullable: true, description: 'EXPONENTIAL unless given.' })
  kind?: BackoffKind | null;

  @Field(() => Int, { nullable: true, description: 'The first pause, in milliseconds; 1,000 unless given.' })
  delayMs?: number | null;

  @Field(() => Int, { nullable: true, description: 'No pause is longer, in milliseconds; 300,000 unless given.' })
  maxDelayMs?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'What part of a pause is left to chance, from 0 to 1; 0.2 unless given.',
  })
  jitter?: number | null;
}

@InputType({ description: 'How hard each job of a task is tried.' })
export class TaskPolicyInput {
  @Field(() => Int, { nullable: true, description: 'From 1 to 50; 5 unless given.' })
  attempts?: number | null;

  @Field(() => BackoffInput, { nullable: true })
  backoff?: BackoffInput | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Codes of errors after which it is tried again; left out, all that may go better by themselves.',
  })
  retryOn?: string[] | null;

  @Field(() => Int, { nullable: true, description: 'Of each attempt, in milliseconds; that of the kind unless given.' })
  attemptTimeoutMs?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Of all attempts together, pauses included, in milliseconds from when the task is created.',
  })
  totalTimeoutMs?: number | null;

  @Field(() => OnTaskFailure, { nullable: true, description: 'STOP unless given.' })
  onFailure?: OnTaskFailure | null;

  @Field(() => GraphQLJSON, { nullable: true, description: 'With DEFAULT_VALUE.' })
  defaultValue?: unknown;

  @Field(() => ID, { nullable: true, description: 'With FALLBACK, and only then: the agent that works on it instead.' })
  fallbackAgentId?: string | null;
}

@InputType({ description: 'Something that is to be done.' })
export class CreateTaskInput {
  @Field(() => String, { description: 'One of `taskKinds`.' })
  kind!: string;

  @Field(() => GraphQLJSON, { description: 'What the kind takes, as its JSON Schema says.' })
  input!: unknown;

  @Field(() => TaskPolicyInput, { nullable: true })
  policy?: TaskPolicyInput | null;

  @Field(() => String, { nullable: true, description: 'The queue that its jobs go through; `default` unless given.' })
  queue?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'From -100 to 100; 0 unless given. Higher ones begin first within their queue.',
  })
  priority?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'While a task of this key is not over, asking again answers with that one.',
  })
  dedupeKey?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Of the jobs of one key, one is worked on at a time, in whichever queue they are.',
  })
  concurrencyKey?: string | null;

  @Field(() => Date, { nullable: true, description: 'Not before then.' })
  startAfter?: Date | null;

  @Field(() => Date, { nullable: true, description: 'When it ends whether it is done or not.' })
  deadline?: Date | null;
}

/** A field that was given as null counts as left out. */
const dropNulls = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
    ? Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null))
    : value;

const policy = z.preprocess((value) => {
  const given = dropNulls(value ?? {}) as { backoff?: unknown };
  return { ...given, ...(given.backoff !== undefined && { backoff: dropNulls(given.backoff) }) };
}, taskPolicySchema);

export const DEFAULT_QUEUE = 'default';

/** What tasks and schedules have in common. */
export const taskSettings = {
  kind: z.string(),
  input: z.unknown(),
  policy,
  queue: keyText.nullish().transform((name) => name ?? DEFAULT_QUEUE),
  priority: z
    .int()
    .min(-100, 'It must be at least -100')
    .max(100, 'It must be at most 100')
    .nullish()
    .transform((value) => value ?? 0),
  concurrencyKey: keyText.nullish().transform((key) => key ?? null),
};

export const createTaskSchema = z.object({
  ...taskSettings,
  dedupeKey: keyText.nullish().transform((key) => key ?? null),
  startAfter: z.date().nullish(),
  deadline: z.date().nullish(),
});

@ObjectType({
  simpleResolvers: true,
  description: 'The task, which is stored: it is done whatever happens from now on.',
})
export class CreateTaskPayload {
  @Field(() => TaskType)
  task!: TaskType;

  @Field(() => Boolean, { description: 'Whether it is one that was there already, of the same `dedupeKey`.' })
  deduplicated!: boolean;
}

@InputType({ description: 'Which task to cancel.' })
export class CancelTaskInput {
  @Field(() => ID)
  taskId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The task. What of it is under way ends in a moment.' })
export class CancelTaskPayload {
  @Field(() => TaskType)
  task!: TaskType;
}

@InputType({ description: 'Which tasks to show; all where it is empty.' })
export class TaskFilter {
  @Field(() => [TaskState], { nullable: true })
  states?: TaskState[] | null;

  @Field(() => [String], { nullable: true })
  kinds?: string[] | null;

  @Field(() => String, { nullable: true })
  queue?: string | null;

  @Field(() => ID, { nullable: true, description: 'Those that a schedule has made.' })
  scheduleId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Those on behalf of this person or service account.' })
  createdById?: string | null;
}

@InputType({ description: 'Which dead letters: those that fit all that is given.' })
export class DeadLetterFilter {
  @Field(() => [ID], { nullable: true, description: 'Jobs of these tasks.' })
  taskIds?: string[] | null;

  @Field(() => [String], { nullable: true })
  kinds?: string[] | null;

  @Field(() => String, { nullable: true })
  queue?: string | null;

  @Field(() => [String], { nullable: true, description: 'Whose last error has one of these codes.' })
  codes?: string[] | null;

  @Field(() => Date, { nullable: true, description: 'That died then or later.' })
  from?: Date | null;

  @Field(() => Date, { nullable: true, description: 'That died before then.' })
  until?: Date | null;
}

@InputType({ description: 'Which dead letters to begin anew: give one of the three.' })
export class ReplayDeadLettersInput {
  @Field(() => [ID], { nullable: true, description: 'These jobs, 500 at most.' })
  jobIds?: string[] | null;

  @Field(() => DeadLetterFilter, { nullable: true })
  filter?: DeadLetterFilter | null;

  @Field(() => Boolean, { nullable: true, description: 'True: all that you may change.' })
  all?: boolean | null;
}

@ObjectType({ simpleResolvers: true, description: 'What begins anew.' })
export class ReplayDeadLettersPayload {
  @Field(() => Int, { description: 'How many jobs; 500 at once. With more, ask again.' })
  replayedCount!: number;

  @Field(() => [TaskJobType], { description: 'The first 100 of them.' })
  jobs!: TaskJobType[];
}

@ObjectType('TaskKind', { simpleResolvers: true, description: 'A kind of work that a task can be.' })
export class TaskKindType {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  description!: string;

  @Field(() => GraphQLJSON, { description: 'JSON Schema of its `input`.' })
  inputSchema!: unknown;
}
