import type { z } from 'zod';
import type { Logger } from '#core/log';

/**
 * A kind of background work: the catalog entry that producers and the worker share. A payload names rows by id and
 * carries no secret; `orgId` says which organization the work is confined to.
 */
export interface JobDefinition<Payload extends { orgId: string }> {
  /** Dotted: `conversations.execute-run`. Part of what lies in the queue, so it outlives a deployment. */
  name: string;
  schema: z.ZodType<Payload>;
  /** How often it may fail by throwing before it is given up. Being killed does not count. Default 5. */
  attempts?: number;
  /** Milliseconds before the second attempt, doubled for each further one. Default 1,000. */
  backoffMs?: number;
  /** How many of this kind one worker process runs at once. Default 20. */
  concurrency?: number;
}

/** Declares a job, for its types. */
export const defineJob = <Payload extends { orgId: string }>(definition: JobDefinition<Payload>) => definition;

export interface JobContext {
  log: Logger;
  /**
   * Fires when the worker is shutting down: finish, or put the work down where it can be taken up again and throw. What
   * is thrown then does not count as a failure: another worker takes the job up at once.
   */
  signal: AbortSignal;
  /** 1 for the first. An attempt that ended with its process, or was put down, is not counted. */
  attempt: number;
}

/** What to do for a kind of job. It runs inside the payload's organization and must bear being run twice. */
export interface JobHandler {
  definition: JobDefinition<{ orgId: string }>;
  handle(payload: { orgId: string }, context: JobContext): Promise<void>;
}

/** Couples a job with its handler, keeping the payload's type. */
export const handleJob = <Payload extends { orgId: string }>(
  definition: JobDefinition<Payload>,
  handle: (payload: Payload, context: JobContext) => Promise<void>,
): JobHandler => ({ definition, handle }) as unknown as JobHandler;

export interface EnqueueOptions {
  /**
   * While a job of this kind and id waits to begin (for the first time or for another attempt), adding it again changes
   * nothing. One that has begun, or has ended, or was running in a process that is gone, does not stand in the way:
   * whoever adds it wants it to look at things as they are now.
   */
  id?: string;
  /** How long it waits before it may begin, in milliseconds. */
  delayMs?: number;
}

/** Where producers put work. */
export interface JobQueue {
  /**
   * Resolves once the work is durable in the queue.
   * @throws ParleyError UNAVAILABLE within seconds when the queue cannot be reached; the work may then be queued or not.
   * @throws Error when the payload does not fit the job's schema.
   */
  enqueue<Payload extends { orgId: string }>(
    job: JobDefinition<Payload>,
    payload: Payload,
    options?: EnqueueOptions,
  ): Promise<void>;
}
