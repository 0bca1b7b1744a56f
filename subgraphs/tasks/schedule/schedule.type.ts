import { GraphQLJSON } from 'graphql-scalars';
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { z } from 'zod';
import { displayName } from '#core/display-name';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { TaskPolicyInput, taskSettings } from '../task.input.ts';
import { UserStub } from '../task.type.ts';
import { cronProblem, isTimeZone } from './timing.ts';

export enum ScheduleTiming {
  CRON = 'CRON',
  INTERVAL = 'INTERVAL',
  ONCE = 'ONCE',
}

export enum MissedRuns {
  SKIP = 'SKIP',
  RUN_ONCE = 'RUN_ONCE',
  RUN_ALL = 'RUN_ALL',
}

export enum OverlapPolicy {
  ALLOW = 'ALLOW',
  SKIP = 'SKIP',
  QUEUE = 'QUEUE',
  CANCEL_PREVIOUS = 'CANCEL_PREVIOUS',
}

export enum ScheduleState {
  ACTIVE = 'ACTIVE',
  PAUSED = 'PAUSED',
  ENDED = 'ENDED',
}

registerEnumType(ScheduleTiming, { name: 'ScheduleTiming', description: 'How the times of a schedule are said.' });

registerEnumType(MissedRuns, {
  name: 'MissedRuns',
  description: 'What becomes of times that nobody was there to meet within a minute.',
  valuesConfig: {
    SKIP: { description: 'They pass.' },
    RUN_ONCE: { description: 'There is one task for all of them. The default.' },
    RUN_ALL: { description: 'There is a task for each, the oldest first.' },
  },
});

registerEnumType(OverlapPolicy, {
  name: 'OverlapPolicy',
  description: 'What becomes of a time that comes while a task of the same schedule is not over.',
  valuesConfig: {
    ALLOW: { description: 'There is another one beside it.' },
    SKIP: { description: 'It passes. The default.' },
    QUEUE: { description: 'There is another one, which begins once those before it are over.' },
    CANCEL_PREVIOUS: { description: 'The one that is not over is cancelled.' },
  },
});

registerEnumType(ScheduleState, {
  name: 'ScheduleState',
  description: 'Whether tasks come of a schedule.',
  valuesConfig: { ENDED: { description: 'All of its times have come.' } },
});

@ObjectType('TaskSchedule', {
  simpleResolvers: true,
  description: 'Tasks that are made when their time comes, each time once.',
})
export class TaskScheduleType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => ScheduleState)
  state!: ScheduleState;

  @Field(() => ScheduleTiming)
  timing!: ScheduleTiming;

  @Field(() => String, { nullable: true })
  cron!: string | null;

  @Field(() => String, { description: 'IANA name of the time zone whose clocks `cron` is about.' })
  timeZone!: string;

  @Field(() => Float, { nullable: true, description: 'Of an INTERVAL, in milliseconds.' })
  everyMs!: number | null;

  @Field(() => Date, { description: 'Of ONCE its time, else not before then.' })
  startsAt!: Date;

  @Field(() => MissedRuns)
  missedRuns!: MissedRuns;

  @Field(() => OverlapPolicy)
  overlap!: OverlapPolicy;

  @Field(() => String)
  kind!: string;

  @Field(() => GraphQLJSON)
  input!: unknown;

  @Field(() => GraphQLJSON)
  policy!: unknown;

  @Field(() => String)
  queue!: string;

  @Field(() => UserStub, { description: 'On whose behalf its tasks are done.' })
  createdBy!: UserStub;

  @Field(() => Date, { nullable: true, description: 'When the last task came of it.' })
  lastRunAt!: Date | null;

  @Field(() => Int, { description: 'Times that passed without a task, as its policies say.' })
  skippedCount!: number;

  @Field(() => String, {
    nullable: true,
    description: 'Why its last time had no task, where that is not by its policies.',
  })
  lastError!: string | null;

  @Field(() => Date)
  createdAt!: Date;
}

@ObjectType('TaskScheduleEdge', { simpleResolvers: true, description: 'A schedule and where it stands in the list.' })
export class TaskScheduleEdge extends edgeOf(() => TaskScheduleType) {}

@ObjectType('TaskScheduleConnection', { simpleResolvers: true, description: 'A page of schedules, the oldest first.' })
export class TaskScheduleConnection extends connectionOf(
  () => TaskScheduleEdge,
  () => TaskScheduleType,
) {}

@InputType({ description: 'Tasks that are to be made when their time comes: give one of cron, everyMs and at.' })
export class CreateScheduleInput {
  @Field(() => String)
  name!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Minute, hour, day of the month, month, day of the week: `30 9 * * 1-5`.',
  })
  cron?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'With cron: an IANA name such as Europe/Berlin; UTC unless given.',
  })
  timeZone?: string | null;

  @Field(() => Float, { nullable: true, description: 'Every so many milliseconds; 1,000 at least.' })
  everyMs?: number | null;

  @Field(() => Date, { nullable: true, description: 'Once, then.' })
  at?: Date | null;

  @Field(() => Date, { nullable: true, description: 'With cron and everyMs: not before then; now unless given.' })
  startsAt?: Date | null;

  @Field(() => MissedRuns, { nullable: true })
  missedRuns?: MissedRuns | null;

  @Field(() => OverlapPolicy, { nullable: true })
  overlap?: OverlapPolicy | null;

  @Field(() => String, { description: 'One of `taskKinds`.' })
  kind!: string;

  @Field(() => GraphQLJSON)
  input!: unknown;

  @Field(() => TaskPolicyInput, { nullable: true })
  policy?: TaskPolicyInput | null;

  @Field(() => String, { nullable: true })
  queue?: string | null;

  @Field(() => Int, { nullable: true })
  priority?: number | null;

  @Field(() => String, { nullable: true })
  concurrencyKey?: string | null;
}

const MAX_EVERY_MS = 366 * 86_400_000;

export const createScheduleSchema = z
  .object({
    ...taskSettings,
    name: displayName({ max: 100, empty: 'Give it a name' }),
    cron: z
      .string()
      .trim()
      .max(200, 'At most 200 characters')
      .superRefine((text, context) => {
        const message = cronProblem(text);
        if (message) context.addIssue({ code: 'custom', message });
      })
      .nullish(),
    timeZone: z
      .string()
      .refine(isTimeZone, 'There is no such time zone: give an IANA name')
      .nullish()
      .transform((name) => name ?? 'UTC'),
    everyMs: z
      .int('It must be a whole number')
      .min(1_000, 'It must be at least 1,000')
      .max(MAX_EVERY_MS, 'It must be at most a year')
      .nullish(),
    at: z.date().nullish(),
    startsAt: z.date().nullish(),
    missedRuns: z
      .enum(MissedRuns)
      .nullish()
      .transform((value) => value ?? MissedRuns.RUN_ONCE),
    overlap: z
      .enum(OverlapPolicy)
      .nullish()
      .transform((value) => value ?? OverlapPolicy.SKIP),
  })
  .superRefine(({ cron, everyMs, at, startsAt }, context) => {
    if ([cron, everyMs, at].filter((each) => each != null).length !== 1) {
      context.addIssue({ code: 'custom', message: 'Give one of cron, everyMs and at' });
    }
    if (at != null && startsAt != null) {
      context.addIssue({ code: 'custom', path: ['startsAt'], message: 'It does not go together with at' });
    }
  });

@InputType({ description: 'Which schedule.' })
export class ScheduleInput {
  @Field(() => ID)
  scheduleId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The schedule as it is from now on.' })
export class SchedulePayload {
  @Field(() => TaskScheduleType)
  schedule!: TaskScheduleType;
}

@ObjectType({ simpleResolvers: true, description: 'The schedule that is gone. Its tasks stay.' })
export class DeleteSchedulePayload {
  @Field(() => ID)
  deletedScheduleId!: string;
}
