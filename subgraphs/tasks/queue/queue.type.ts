import { Field, Float, InputType, Int, ObjectType } from 'type-graphql';
import { z } from 'zod';
import { keyText } from '../attempt/task-policy.ts';

@ObjectType('Percentiles', {
  simpleResolvers: true,
  description: 'Durations in milliseconds, of what began or ended lately.',
})
export class PercentilesType {
  @Field(() => Int, { nullable: true, description: 'Half took no longer; null where there was none.' })
  p50!: number | null;

  @Field(() => Int, { nullable: true, description: '95 of 100 took no longer.' })
  p95!: number | null;
}

@ObjectType('TaskQueueStats', { simpleResolvers: true, description: 'How a queue stands at a moment.' })
export class TaskQueueStatsType {
  @Field(() => String)
  queue!: string;

  @Field(() => Int, { description: 'Its depth: jobs that may begin and have not.' })
  ready!: number;

  @Field(() => Int, { description: 'Jobs that wait for their time: a start to come, or a pause between attempts.' })
  delayed!: number;

  @Field(() => Int, { description: 'Jobs whose turn within their task has not come.' })
  held!: number;

  @Field(() => Int)
  running!: number;

  @Field(() => Int, { description: 'Jobs that wait for the end of what they have started.' })
  awaiting!: number;

  @Field(() => Int)
  dead!: number;

  @Field(() => Int, {
    description: 'For how long the oldest of those that are ready has waited, in milliseconds; 0 where there is none.',
  })
  oldestWaitMs!: number;

  @Field(() => PercentilesType, {
    description: 'From when attempts could begin to when they began, in the last 15 minutes.',
  })
  waitMs!: PercentilesType;

  @Field(() => PercentilesType, { description: 'From when attempts began to their end, in the last 15 minutes.' })
  runMs!: PercentilesType;

  @Field(() => Int, { description: 'Attempts that ended in the last 15 minutes.' })
  finished!: number;

  @Field(() => Int, { description: 'Of those, the ones that failed, timed out or were lost.' })
  failed!: number;
}

@ObjectType('TaskQueue', { simpleResolvers: true, description: 'How jobs of an organization are let through.' })
export class TaskQueueType {
  @Field(() => String)
  name!: string;

  @Field(() => Date, { nullable: true, description: 'Since when nothing of it begins; what is under way goes on.' })
  pausedAt!: Date | null;

  @Field(() => Date, { nullable: true, description: 'Since when it takes no new tasks; what is in it is done.' })
  drainingSince!: Date | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How many of its jobs are under way at once; null without a limit.',
  })
  maxConcurrent!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How many of its jobs begin within a minute, evenly spaced; null without a limit.',
  })
  maxPerMinute!: number | null;

  @Field(() => TaskQueueStatsType)
  stats!: TaskQueueStatsType;
}

@InputType({ description: 'How a queue lets jobs through. What is left out stays as it is; null takes a limit away.' })
export class UpdateQueueInput {
  @Field(() => String)
  queue!: string;

  @Field(() => Int, { nullable: true, description: 'From 1 to 10,000.' })
  maxConcurrent?: number | null;

  @Field(() => Int, { nullable: true, description: 'From 1 to 60,000.' })
  maxPerMinute?: number | null;
}

export const updateQueueSchema = z.object({
  queue: keyText,
  maxConcurrent: z.int().min(1, 'It must be at least 1').max(10_000, 'It must be at most 10,000').nullable().optional(),
  maxPerMinute: z.int().min(1, 'It must be at least 1').max(60_000, 'It must be at most 60,000').nullable().optional(),
});

@InputType({ description: 'Which queue.' })
export class QueueInput {
  @Field(() => String)
  queue!: string;
}

export const queueSchema = z.object({ queue: keyText });

@ObjectType({ simpleResolvers: true, description: 'The queue as it is from now on.' })
export class QueuePayload {
  @Field(() => TaskQueueType)
  queue!: TaskQueueType;
}

@InputType({ description: 'Which attempts to count; those of the last 24 hours unless given.' })
export class TaskThroughputFilter {
  @Field(() => Date, { nullable: true })
  from?: Date | null;

  @Field(() => Date, { nullable: true })
  until?: Date | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How long each span of time is, in minutes; 60 unless given. At most 200 of them.',
  })
  bucketMinutes?: number | null;

  @Field(() => String, { nullable: true })
  queue?: string | null;
}

@ObjectType('TaskThroughput', {
  simpleResolvers: true,
  description: 'What was done of a kind of work within a span of time.',
})
export class TaskThroughputType {
  @Field(() => Date)
  from!: Date;

  @Field(() => Date)
  until!: Date;

  @Field(() => String)
  kind!: string;

  @Field(() => Int, { description: 'Attempts that succeeded.' })
  succeeded!: number;

  @Field(() => Int, { description: 'Attempts that failed, timed out or were lost.' })
  failed!: number;

  @Field(() => Float, { description: 'What part of both failed, from 0 to 1.' })
  failureRate!: number;

  @Field(() => PercentilesType)
  waitMs!: PercentilesType;

  @Field(() => PercentilesType)
  runMs!: PercentilesType;
}

@ObjectType('TaskWorker', { simpleResolvers: true, description: 'A process that works on jobs.' })
export class TaskWorkerType {
  @Field(() => String)
  id!: string;

  @Field(() => String, { description: 'Its machine and process.' })
  name!: string;

  @Field(() => Boolean, {
    description: 'That it has not been heard of for more than 9 s: its jobs are given to others.',
  })
  stalled!: boolean;

  @Field(() => Int, { description: 'Jobs of the organization that it works on.' })
  running!: number;

  @Field(() => Date)
  startedAt!: Date;

  @Field(() => Date)
  seenAt!: Date;
}
