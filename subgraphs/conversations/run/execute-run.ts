import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '#core/bus/bus';
import { isConnectionFailure } from '#core/database/failure';
import type { JobContext } from '#core/job/job';
import type { Run } from '#prisma/generated/client';
import { RunState } from '../run.type.ts';
import { Answerer, type AnswerOptions } from './answer.ts';
import { onCancel } from './cancel-signal.ts';
import { type ClaimedRun, type ClaimOptions, claimRun } from './claim.ts';
import { DeltaWriter } from './delta-writer.ts';
import { finishRun, type Outcome, recordCalls } from './finish.ts';
import { Lease } from './lease.ts';
import { ModelReply } from './model-reply.ts';
import { decide, MAX_ATTEMPTS, type StopReason } from './next-step.ts';
import { describeFailure, RunFailure } from './run-failure.ts';

export interface RunnerOptions extends ClaimOptions, AnswerOptions {
  bus: Bus;
  /** Called when a run has ended: the next one of its room can begin. */
  onEnded(run: Run): void;
  /** Called with a run that was put down and is to begin again after `delayMs`. */
  onPutDown(run: Run, delayMs: number): void;
}

/** How long a reply may go on after the worker was told to stop, in milliseconds. */
const DRAIN_MS = 8_000;
/** How long the end of an attempt is tried to be written while the database is away, in milliseconds. */
const PERSIST_FOR_MS = 60_000;
const PERSIST_PAUSE_MS = 200;

/** Works on runs: claims them, lets the model answer into the stream, and writes the end. */
export class RunExecutor {
  private readonly answerer: Answerer;

  constructor(private readonly options: RunnerOptions) {
    this.answerer = new Answerer(options);
  }

  async execute(runId: string, job: JobContext): Promise<void> {
    const claimed = await claimRun(runId, this.options);
    if (!claimed) return;
    const stop = new AbortController();
    const stopFor = (reason: StopReason) => stop.abort(reason);
    const lease = new Lease(this.options.database, claimed.run, stopFor, job.log);
    // Not waited for: while the bus is away, the lease brings the news.
    const listening = onCancel(this.options.bus, runId, () => void lease.renew());
    listening.catch((error: unknown) => job.log.warn({ err: error, runId }, 'the bus brings no cancellation'));
    let draining: NodeJS.Timeout | undefined;
    const onShutdown = () => {
      draining = setTimeout(() => stopFor('SHUTDOWN'), DRAIN_MS).unref();
    };
    if (job.signal.aborted) onShutdown();
    else job.signal.addEventListener('abort', onShutdown);
    try {
      if (claimed.run.cancelRequestedAt) stopFor('CANCELLED');
      await this.work(claimed, stop, job);
    } finally {
      lease.end();
      clearTimeout(draining);
      listening.then((leave) => leave()).catch(() => {});
      job.signal.removeEventListener('abort', onShutdown);
    }
  }

  private async work(claimed: ClaimedRun, stop: AbortController, job: JobContext): Promise<void> {
    const { run } = claimed;
    const said = new ModelReply();
    const writer = new DeltaWriter(this.options.streams, claimed, () => stop.abort('LOG_REFUSED'));
    let failure: unknown = null;
    try {
      if (run.attempt > MAX_ATTEMPTS) throw abandoned();
      await this.answerer.answer(claimed, said, writer, stop.signal);
    } catch (error) {
      failure = error ?? new Error('The work on a run failed without an error.');
    }
    const refusal = await writer.drain().then(
      () => null,
      (error: unknown) => error,
    );
    const step = decide({
      attempt: run.attempt,
      hasShown: said.parts.length > 0,
      stopped: stop.signal.aborted ? (stop.signal.reason as StopReason) : null,
      failure,
      refusal,
      random: Math.random(),
    });
    switch (step.kind) {
      case 'LET_GO':
        return;
      case 'BEGIN_AGAIN':
        job.log.info({ runId: run.id, attempt: run.attempt, err: refusal ?? failure }, 'a reply is begun again');
        return this.putDown(claimed, said, step.delayMs);
      case 'SUCCEED':
        return this.end(claimed, said, { state: RunState.SUCCEEDED, error: null }, job);
      case 'CANCEL':
        return this.end(claimed, said, { state: RunState.CANCELLED, error: null }, job);
      case 'FAIL':
        job.log.info({ runId: run.id, err: failure }, 'a run failed');
        return this.end(claimed, said, { state: RunState.FAILED, error: describeFailure(failure) }, job);
    }
  }

  /** Writes the end. Were it only lost, the model would be asked, and paid, for the same again. */
  private async end(claimed: ClaimedRun, said: ModelReply, outcome: Outcome, job: JobContext): Promise<void> {
    try {
      await persist(() => finishRun(claimed, said, outcome, this.options));
    } catch (error) {
      if (isConnectionFailure(error)) throw error;
      // Something in the reply cannot be stored: the run ends without it rather than never.
      job.log.error({ err: error, runId: claimed.run.id }, 'the end of a run could not be written');
      const failed: Outcome = { state: RunState.FAILED, error: describeFailure(error) };
      await persist(() => finishRun(claimed, new ModelReply(), failed, this.options));
    }
    this.options.onEnded(claimed.run);
  }

  /** Lets go of a run so that it is begun again, here or elsewhere. What the attempt cost is kept. */
  private async putDown({ run }: ClaimedRun, said: ModelReply, delayMs: number): Promise<void> {
    const released = await persist(() =>
      this.options.transactions.direct(async ({ tx }) => {
        const until = delayMs > 0 ? new Date(Date.now() + delayMs) : null;
        const held = await tx.$executeRaw`
          UPDATE runs SET lease_until = ${until}::timestamptz
          WHERE id = ${run.id}::uuid AND fence = ${run.fence} AND state = 'RUNNING'`;
        if (held > 0) await recordCalls(run, said, tx);
        return held > 0;
      }),
    );
    if (released) this.options.onPutDown(run, delayMs);
  }
}

const abandoned = () =>
  new RunFailure(
    'RUN_ABANDONED',
    'The reply was begun many times and never got to its end. Send the message again.',
    true,
  );

/** Both ends of an attempt check the claim, so that they can be tried again whether the first try was committed or not. */
async function persist<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PERSIST_FOR_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isConnectionFailure(error) || Date.now() > deadline) throw error;
      await sleep(PERSIST_PAUSE_MS);
    }
  }
}
