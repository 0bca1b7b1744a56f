import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, type IQueueBackend, type JobProgress, Queue, Worker } from 'bullmq';
import type { Logger } from '#core/log';
import { type JobBackend, openJobBackend } from './backend.ts';
import { summarizeError } from './error-summary.ts';
import type { JobHandler } from './job.ts';
import { OncePerWhile } from './once-per-while.ts';
import { EVENT_POLICY, workerPolicy } from './policy.ts';
import { REDIS_PREFIX } from './redis-backend.ts';
import { type JobOutcome, Running } from './running.ts';

/** A worker on either backend. */
type AnyWorker = Worker<unknown, unknown, string, IQueueBackend, JobProgress, ConnectionOptions>;

export interface JobWorkerOptions {
  databaseUrl: string;
  /** Where jobs are kept if it is given; in the database otherwise. */
  redisUrl: string | null;
  handlers: readonly JobHandler[];
  log: Logger;
  /** Runs work confined to an organization: `runInOrg`. */
  orgRunner: <T>(orgId: string, work: () => Promise<T>) => Promise<T>;
  /**
   * Whether this is the only process that runs jobs. Then those that were running when it started were left behind by a
   * crash, and begin again at once rather than when their locks run out.
   */
  alone?: boolean;
  /** How long a job stays with a worker that does not stir any more, in milliseconds. Default 10,000. */
  lockMs?: number;
  /** Told of each attempt that has ended. Must not throw. */
  onOutcome?: (outcome: JobOutcome) => void;
}

export interface JobWorker {
  /**
   * Takes no more jobs, fires the signal of the running ones and gives them `graceMs` milliseconds; what is still running
   * then goes back into the queue for another worker.
   */
  close(options: { graceMs: number }): Promise<void>;
}

/** How long closing may take beyond the grace, where a server does not answer any more, in milliseconds. */
const CLOSE_MARGIN_MS = 3_000;

/**
 * Starts to work on jobs: on each kind for itself, up to its concurrency. All kinds share the connections of the
 * process. A lost server is waited for.
 * @throws Error when the server of the queue cannot be reached at the start.
 */
export async function createJobWorker(options: JobWorkerOptions): Promise<JobWorker> {
  const { databaseUrl, redisUrl, handlers, log } = options;
  const backend = await openJobBackend({ databaseUrl, redisUrl, side: 'worker', log });
  const running = new Running(options);
  const complaints = new OncePerWhile((error, fields) =>
    log.warn({ reason: summarizeError(error), ...fields }, 'a job worker met an error'),
  );
  try {
    if (options.alone) await Promise.all(handlers.map((handler) => takeBackOrphans(handler, backend, log)));
    const workers = handlers.map((handler) => startWorker(handler, { backend, running, complaints, options }));
    await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    let closing: Promise<void> | undefined;
    return {
      close({ graceMs }) {
        closing ??= closeAll({ workers, running, backend, graceMs });
        return closing;
      },
    };
  } catch (error) {
    await backend.close();
    throw error;
  }
}

interface Parts {
  backend: JobBackend;
  running: Running;
  complaints: OncePerWhile;
  options: JobWorkerOptions;
}

function startWorker(handler: JobHandler, { backend, running, complaints, options }: Parts): AnyWorker {
  const { definition } = handler;
  const worker: AnyWorker = new Worker(
    definition.name,
    (job, token) => running.attempt(handler, job, token ?? ''),
    {
      connection: backend.connection,
      prefix: REDIS_PREFIX,
      ...workerPolicy(definition, options.lockMs),
    },
    backend.factory,
  );
  worker.on('error', (error) => complaints.tell(error, { job: definition.name }));
  worker.on('completed', (job) => running.tell(job, 'completed'));
  worker.on('failed', (job, error) => {
    if (!job) return;
    const isFinal = job.finishedOn !== undefined && job.finishedOn !== null;
    running.tell(job, isFinal ? 'failed' : 'retry');
    if (!isFinal) return;
    options.log.error(
      { job: definition.name, jobId: job.id, attempts: job.attemptsMade, reason: summarizeError(error) },
      'a job was given up; it is kept among the failed ones',
    );
  });
  worker.on('stalled', (jobId) =>
    options.log.warn({ job: definition.name, jobId }, 'a job was left by a worker that is gone; it begins again'),
  );
  return worker;
}

/** Puts back what a crash left running. Only for a process that is the only one. */
async function takeBackOrphans({ definition }: JobHandler, backend: JobBackend, log: Logger): Promise<void> {
  const { connection, factory } = backend;
  const queue = new Queue(definition.name, { connection, prefix: REDIS_PREFIX, ...EVENT_POLICY }, factory);
  queue.on('error', (error) => log.debug({ err: error, job: definition.name }, 'the job queue met an error'));
  try {
    const orphans = await queue.getActive();
    for (const job of orphans) await job.moveToWait(ANY_TOKEN);
    if (orphans.length > 0)
      log.info({ job: definition.name, count: orphans.length }, 'jobs left by a crash begin again');
  } finally {
    await queue.close();
  }
}

/** BullMQ's word for moving a job whoever holds its lock. */
const ANY_TOKEN = '0';

interface Closing {
  workers: AnyWorker[];
  running: Running;
  backend: JobBackend;
  graceMs: number;
}

async function closeAll({ workers, running, backend, graceMs }: Closing): Promise<void> {
  running.stop();
  const closed = Promise.allSettled(workers.map((worker) => worker.close()));
  const over = new AbortController();
  const wait = (ms: number) => sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  const forced = wait(graceMs)
    .then(() => (over.signal.aborted ? undefined : running.release()))
    .then(() => wait(CLOSE_MARGIN_MS));
  await Promise.race([closed, forced]);
  over.abort();
  await backend.close();
}
