import type { Span } from '@opentelemetry/api';
import type { Bus } from '#core/bus/bus';
import { isConnectionFailure } from '#core/database/failure';
import type { JobContext } from '#core/job/job';
import { failSpan, inSpan } from '#core/telemetry/span';
import type { Run } from '#prisma/generated/client';
import type { JournalEntry } from '../orchestration/journal-write.ts';
import { RunState } from '../run.type.ts';
import { Attempt, type AttemptOptions } from './attempt.ts';
import { onCancel } from './cancel-signal.ts';
import { type ClaimedRun, type ClaimOptions, claimRun } from './claim.ts';
import { finishRun, type Outcome } from './finish.ts';
import { Lease } from './lease.ts';
import { ModelReply } from './model-reply.ts';
import { beginningsOf, decide, MAX_ATTEMPTS, type NextStep, type StopReason } from './next-step.ts';
import { pauseRun } from './pause.ts';
import { persist } from './persist.ts';
import { putDownRun } from './put-down.ts';
import { describeFailure, RunFailure } from './run-failure.ts';

export interface RunnerOptions extends ClaimOptions, AttemptOptions {
  bus: Bus;
  /** How long a reply may go on after the worker was told to stop, in milliseconds. */
  drainMs: number;
  /** Called when a run has ended: the next one of its room can begin. */
  onEnded(run: Run): void;
  /** Called with a run that was put down and is to begin again after `delayMs`. */
  onPutDown(run: Run, delayMs: number): void;
}

/** Every attempt at a run belongs to the trace of the request that asked for it, whichever process makes it. */
const spanOf = ({ id, conversationId, attempt, agentId, traceparent }: Run) => ({
  parent: traceparent,
  attributes: {
    'parley.run.id': id,
    'parley.run.attempt': attempt,
    'gen_ai.conversation.id': conversationId,
    'gen_ai.agent.id': agentId,
  },
});

/** Works on runs: claims them, lets the agent answer into the stream, and writes the end. */
export class RunExecutor {
  constructor(private readonly options: RunnerOptions) {}

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
      draining = setTimeout(() => stopFor('SHUTDOWN'), this.options.drainMs).unref();
    };
    if (job.signal.aborted) onShutdown();
    else job.signal.addEventListener('abort', onShutdown);
    try {
      if (claimed.run.cancelRequestedAt) stopFor('CANCELLED');
      await inSpan('run', spanOf(claimed.run), (span) => this.work(claimed, stop, job, span));
    } finally {
      lease.end();
      clearTimeout(draining);
      listening.then((leave) => leave()).catch(() => {});
      job.signal.removeEventListener('abort', onShutdown);
    }
  }

  private async work(claimed: ClaimedRun, stop: AbortController, job: JobContext, span: Span): Promise<void> {
    const { run } = claimed;
    const attempt = new Attempt(claimed, stop, this.options);
    const beginnings = beginningsOf(run);
    let failure: unknown = null;
    try {
      if (beginnings > MAX_ATTEMPTS) throw abandoned();
      await attempt.work();
    } catch (error) {
      failure = error ?? new Error('The work on a run failed without an error.');
    }
    // First of all: what is left of the steps belongs into the transaction that ends the attempt.
    const { entries, refusal } = await attempt.end();
    const step = decide({
      attempt: beginnings,
      hasShown: attempt.said.parts.length > 0,
      stopped: stop.signal.aborted ? (stop.signal.reason as StopReason) : null,
      failure,
      refusal,
      random: Math.random(),
    });
    span.setAttribute('parley.run.end', step.kind);
    if (step.kind === 'FAIL') failSpan(span, describeFailure(failure));
    if (step.kind === 'FAIL') job.log.info({ runId: run.id, err: failure }, 'a run failed');
    if (step.kind === 'BEGIN_AGAIN') {
      job.log.info({ runId: run.id, attempt: run.attempt, err: refusal ?? failure }, 'a reply is begun again');
    }
    await this.carryOut(step, { claimed, attempt, entries, failure, job });
  }

  private async carryOut(step: NextStep, ended: EndedAttempt): Promise<void> {
    const { claimed, attempt } = ended;
    switch (step.kind) {
      case 'LET_GO':
        return;
      case 'BEGIN_AGAIN':
        if (await putDownRun(claimed.run, step.delayMs, ended.entries, this.options)) {
          this.options.onPutDown(claimed.run, step.delayMs);
        }
        return;
      case 'PAUSE': {
        const goesOn = await persist(() =>
          pauseRun(claimed, { ...attempt.pause, waitsFor: step.waitsFor, entries: ended.entries }, this.options),
        );
        if (goesOn) this.options.onPutDown(claimed.run, 0);
        return;
      }
      case 'SUCCEED':
        return this.end(ended, attempt.success());
      case 'LIMIT':
        return this.end(ended, { state: RunState.LIMIT_REACHED, error: describeFailure(ended.failure) });
      case 'CANCEL':
        return this.end(ended, { state: RunState.CANCELLED, error: null });
      case 'FAIL':
        return this.end(ended, { state: RunState.FAILED, error: describeFailure(ended.failure) });
    }
  }

  /** Writes the end. Were it only lost, the model would be asked, and paid, for the same again. */
  private async end(ended: EndedAttempt, outcome: Pick<Outcome, 'state' | 'error'>): Promise<void> {
    const { claimed, attempt, entries, job } = ended;
    const whole: Outcome = {
      ...outcome,
      entries,
      leavesOpen: attempt.leavesOpen,
      teamState: attempt.teamState,
    };
    try {
      await persist(() => finishRun(claimed, attempt.said, whole, this.options));
    } catch (error) {
      if (isConnectionFailure(error)) throw error;
      // Something in the reply cannot be stored: the run ends without it rather than never.
      job.log.error({ err: error, runId: claimed.run.id }, 'the end of a run could not be written');
      const failed: Outcome = {
        state: RunState.FAILED,
        error: describeFailure(error),
        entries: entries.filter(({ type }) => type === 'CALLS'),
        leavesOpen: true,
        teamState: null,
      };
      await persist(() => finishRun(claimed, new ModelReply(), failed, this.options));
    }
    this.options.onEnded(claimed.run);
  }
}

interface EndedAttempt {
  claimed: ClaimedRun;
  attempt: Attempt;
  entries: readonly JournalEntry[];
  failure: unknown;
  job: JobContext;
}

const abandoned = () =>
  new RunFailure(
    'RUN_ABANDONED',
    'The reply was begun many times and never got to its end. Send the message again.',
    true,
  );
