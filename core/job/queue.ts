import { type ConnectionOptions, type IQueueBackend, Job, Queue } from 'bullmq';
import { unavailable } from '#core/error';
import { newId } from '#core/id';
import type { Logger } from '#core/log';
import { traceHeaders } from '#core/telemetry/span';
import { type JobBackend, openJobBackend } from './backend.ts';
import type { EnqueueOptions, JobDefinition, JobQueue } from './job.ts';
import { EVENT_POLICY, jobOptions } from './policy.ts';
import { REDIS_PREFIX } from './redis-backend.ts';

/** A queue on either backend. */
type AnyQueue = Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend, ConnectionOptions>;

export interface JobQueueOptions {
  databaseUrl: string;
  /** Where jobs are kept if it is given; in the database otherwise. */
  redisUrl: string | null;
  log: Logger;
}

/** How many jobs of one kind stand where. `failed` are those given up and kept to be looked at. */
export interface JobCounts {
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
}

/** The producers' end of the queue, as a process holds it. */
export interface OpenJobQueue extends JobQueue {
  /** @throws ParleyError UNAVAILABLE when the queue cannot be reached. */
  counts(job: { name: string }): Promise<JobCounts>;
  /** @throws ParleyError UNAVAILABLE when the queue cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** How long a caller waits at most, in milliseconds. */
const TIMEOUT_MS = 3_000;

/**
 * Opens the queue for those who add work. Each kind of job has a BullMQ queue of its own, so that none waits behind
 * another and each has its own limit; all share the connections of the process.
 * @throws Error when the server of the queue cannot be reached.
 */
export async function createJobQueue({ databaseUrl, redisUrl, log }: JobQueueOptions): Promise<OpenJobQueue> {
  const backend = await openJobBackend({ databaseUrl, redisUrl, side: 'producer', log });
  const queues = new Map<string, AnyQueue>();

  const queueOf = (name: string): AnyQueue => {
    const known = queues.get(name);
    if (known) return known;
    const { connection, factory } = backend;
    const queue: AnyQueue = new Queue(name, { connection, prefix: REDIS_PREFIX, ...EVENT_POLICY }, factory);
    queue.on('error', (error) => log.debug({ err: error, job: name }, 'the job queue met an error'));
    queues.set(name, queue);
    return queue;
  };

  const forget = (name: string): void => {
    const queue = queues.get(name);
    queues.delete(name);
    queue?.close().catch((error: unknown) => log.debug({ err: error, job: name }, 'a job queue was not closed'));
  };

  /** Runs a command on a queue, for a limited time. */
  const command = async <T>(name: string, run: (queue: AnyQueue) => Promise<T>): Promise<T> => {
    try {
      if (!backend.isUp()) throw new Error('the connection is down');
      return await withinTime(run(queueOf(name)));
    } catch (error) {
      // A queue whose connection broke while it was being set up never recovers: the next caller gets a new one.
      forget(name);
      throw unreachable(backend, error);
    }
  };

  return {
    async enqueue(definition, payload, options = {}) {
      const data = { ...checkPayload(definition, payload), ...traceHeaders() };
      await command(definition.name, (queue) => add(queue, definition, data, options));
    },
    counts: ({ name }) =>
      command(name, async (queue) => {
        const {
          waiting = 0,
          active = 0,
          delayed = 0,
          failed = 0,
        } = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
        return { waiting, active, delayed, failed };
      }),
    async ping() {
      await withinTime(backend.ping()).catch((error: unknown) => {
        throw unreachable(backend, error);
      });
    },
    async close() {
      await Promise.allSettled([...queues.values()].map((queue) => withinTime(queue.close())));
      await backend.close();
    },
  };
}

function checkPayload<Payload extends { orgId: string }>(definition: JobDefinition<Payload>, payload: Payload) {
  const { success, data, error } = definition.schema.safeParse(payload);
  if (!success) throw new Error(`The payload of a job ${definition.name} does not fit its schema.`, { cause: error });
  return data;
}

/** How often to look again when a job of the same id begins or ends while another is being added. */
const TRIES = 5;

/**
 * BullMQ keeps an id taken until its job has ended, also that of a job that died with its process. So an id that is
 * taken by a job which has begun is freed, and the job added again.
 */
async function add<Payload extends { orgId: string }>(
  queue: AnyQueue,
  definition: JobDefinition<Payload>,
  data: Payload,
  { id, delayMs = 0 }: EnqueueOptions,
): Promise<void> {
  const common = { ...jobOptions(definition), ...(delayMs > 0 && { delay: Math.ceil(delayMs) }) };
  for (let n = 0; n < TRIES; n++) {
    const jobId = newId();
    const job = await queue.add(definition.name, data, { ...common, jobId, ...(id && { deduplication: { id } }) });
    if (job.id === jobId) return;
    const holder = await Job.fromId(queue, String(job.id));
    if (!holder) continue;
    const state = await holder.getState();
    if (state === 'waiting' || state === 'delayed' || state === 'prioritized') return;
    await holder.removeDeduplicationKey();
  }
  throw new Error(`The id of a job ${definition.name} was taken anew each time it was freed.`);
}

async function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  // What comes after the time is up has no one to go to.
  work.catch(() => {});
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

const unreachable = (backend: JobBackend, cause: unknown) =>
  unavailable(
    backend.kind === 'redis'
      ? 'The job queue cannot be reached: Redis does not answer. Try again.'
      : 'The job queue cannot be reached: the database does not answer. Try again.',
    { retryAfterSeconds: 1, cause },
  );
