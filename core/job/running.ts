import { SpanKind } from '@opentelemetry/api';
import { type Job, UnrecoverableError, WaitingError } from 'bullmq';
import type { Logger } from '#core/log';
import { inSpan } from '#core/telemetry/span';
import { errorFields, summarizeError } from './error-summary.ts';
import type { JobHandler } from './job.ts';

/** How one attempt at a job ended, for metrics. */
export interface JobOutcome {
  job: string;
  /** `retry`: it failed and will be tried again. `failed`: it was given up. `released`: put back at a shutdown. */
  outcome: 'completed' | 'retry' | 'failed' | 'released';
  /** From when it could first begin to when it began, in milliseconds; null where it had begun before. */
  waitMs: number | null;
  /** From when it began, in milliseconds. */
  runMs: number;
}

/** It belongs to the trace of whoever added it. */
const spanOf = (job: Job, attempt: number) => ({
  kind: SpanKind.CONSUMER,
  parent: (job.data as { traceparent?: string }).traceparent,
  attributes: { 'messaging.message.id': String(job.id), 'parley.job.attempt': attempt },
});

interface RunningOptions {
  log: Logger;
  orgRunner: <T>(orgId: string, work: () => Promise<T>) => Promise<T>;
  onOutcome?: (outcome: JobOutcome) => void;
}

/** The attempts that run in this process now. */
export class Running {
  private readonly attempts = new Set<{ abort: AbortController; release: () => void }>();
  private stopping = false;

  constructor(private readonly options: RunningOptions) {}

  /** Runs one attempt. What it throws tells BullMQ what to do with the job; nothing in it is secret. */
  async attempt(handler: JobHandler, job: Job, token: string): Promise<void> {
    if (this.stopping) return await this.putBack(job, token);
    const abort = new AbortController();
    let release: () => void = () => {};
    const released = new Promise<'released'>((resolve) => {
      release = () => resolve('released');
    });
    const entry = { abort, release };
    this.attempts.add(entry);
    try {
      const end = await Promise.race([this.handle(handler, job, abort.signal), released]);
      if (end === 'released') {
        this.tell(job, 'released');
        await this.putBack(job, token);
      }
    } finally {
      this.attempts.delete(entry);
    }
  }

  /** From now on nothing new begins, and what runs knows that it should end. */
  stop(): void {
    this.stopping = true;
    for (const { abort } of this.attempts) abort.abort(new Error('The worker is shutting down.'));
  }

  /** Gives back what has not ended. It may go on in this process for a while, which a job must bear. */
  release(): void {
    for (const { release } of this.attempts) release();
  }

  /** Passes on how an attempt ended. */
  tell(job: Job, outcome: JobOutcome['outcome']): void {
    const startedAt = job.processedOn ?? Date.now();
    const isFirst = job.attemptsStarted <= 1;
    const dueAt = job.timestamp + (job.opts.delay ?? 0);
    this.options.onOutcome?.({
      job: job.name,
      outcome,
      waitMs: isFirst ? Math.max(0, startedAt - dueAt) : null,
      runMs: Math.max(0, Date.now() - startedAt),
    });
  }

  private async handle(
    { definition, handle }: JobHandler,
    job: Job,
    signal: AbortSignal,
  ): Promise<'done' | 'released'> {
    const attempt = job.attemptsMade + 1;
    const log = this.options.log.child({ job: definition.name, jobId: job.id, attempt });
    const payload = definition.schema.safeParse(job.data);
    if (!payload.success) {
      const problems = payload.error.issues.map((issue) => `${issue.path.join('.') || '(payload)'}: ${issue.message}`);
      throw new UnrecoverableError(summarizeError(`The payload does not fit the schema: ${problems.join('; ')}`));
    }
    try {
      await inSpan(`job ${definition.name}`, spanOf(job, attempt), () =>
        this.options.orgRunner(payload.data.orgId, () => handle(payload.data, { log, signal, attempt })),
      );
      return 'done';
    } catch (error) {
      if (signal.aborted) {
        log.info({ reason: summarizeError(error) }, 'a job was put down because the worker is shutting down');
        return 'released';
      }
      log.warn(errorFields(error), 'a job failed');
      throw new Error(summarizeError(error));
    }
  }

  /** Back into the queue, where the next free worker finds it. */
  private async putBack(job: Job, token: string): Promise<never> {
    try {
      await job.moveToWait(token);
    } catch (error) {
      // Its lock runs out instead, and then it is taken back.
      this.options.log.warn({ jobId: job.id, job: job.name, ...errorFields(error) }, 'a job was not put back');
    }
    throw new WaitingError();
  }
}
