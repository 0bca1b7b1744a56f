import type { JobsOptions } from 'bullmq';
import type { JobDefinition } from './job.ts';

const DEFAULT_ATTEMPTS = 5;
const DEFAULT_BACKOFF_MS = 1_000;
const DEFAULT_CONCURRENCY = 20;

/** Of each kind of job, how many that were given up are kept, and for how long. */
const KEPT_FAILED = { age: 14 * 24 * 3_600, count: 1_000 };

type Definition = Pick<JobDefinition<{ orgId: string }>, 'attempts' | 'backoffMs' | 'concurrency'>;

/** After a `kill -9`, a job begins again within the lock and a look at the stalled ones, so 15 s at most. */
const LOCK_MS = 10_000;

/** A process may be killed for reasons that are none of the job's. Past this the job itself is the reason. */
const MOST_STALLS = 20;

/** How a worker holds on to its jobs. */
export const workerPolicy = (definition: Definition, lockMs = LOCK_MS) => ({
  concurrency: definition.concurrency ?? DEFAULT_CONCURRENCY,
  lockDuration: lockMs,
  stalledInterval: lockMs / 2,
  maxStalledCount: MOST_STALLS,
  maxStartedAttempts: attemptsOf(definition) + MOST_STALLS,
  /** How soon to try again what a lost connection broke off, in milliseconds. */
  runRetryDelay: 500,
  /** How long an idle worker waits to be woken before it looks by itself, in seconds. */
  drainDelay: 10,
});

/** Nobody reads BullMQ's own stream of events. */
export const EVENT_POLICY = { streams: { events: { maxLen: 100 } } } as const;

const attemptsOf = (definition: Definition): number => definition.attempts ?? DEFAULT_ATTEMPTS;

/** The options that each job is added with. */
export const jobOptions = (definition: Definition): JobsOptions => ({
  attempts: attemptsOf(definition),
  // Spread over the last fifth, so that what failed together does not come back together.
  backoff: { type: 'exponential', delay: definition.backoffMs ?? DEFAULT_BACKOFF_MS, jitter: 0.2 },
  removeOnComplete: true,
  removeOnFail: KEPT_FAILED,
  // Traces may hold what must not be stored; they go to the log, cleaned.
  stackTraceLimit: 0,
});
