import type { Bus } from '#core/bus/bus';
import type { JobContext } from '#core/job/job';
import { isModelError } from '#core/model/model-error';
import type { ModelRegistry } from '#core/model/model-registry';
import { FencedError } from '#core/stream/event';
import type { Run } from '#prisma/generated/client';
import { RunState } from '../run.type.ts';
import { onCancel } from './cancel-signal.ts';
import { type ClaimedRun, type ClaimOptions, claimRun } from './claim.ts';
import { DeltaWriter } from './delta-writer.ts';
import { finishRun, type Outcome, recordCalls } from './finish.ts';
import { Lease, type StopReason } from './lease.ts';
import { ask, ModelReply } from './model-reply.ts';
import { buildPrompt, type PromptOptions } from './prompt.ts';
import { describeFailure, RunFailure } from './run-failure.ts';

export interface RunnerOptions extends ClaimOptions, PromptOptions {
  bus: Bus;
  models: ModelRegistry;
  /** Called when a run has ended: the next one of its room can begin. */
  onEnded(run: Run): void;
  /** Called with a run that was put down or has to begin again. */
  onPutDown(run: Run): void;
}

/** Beginnings of one reply at most, whether the model failed in the middle of it or its worker died. */
const MAX_ATTEMPTS = 12;
/** Of those, beginnings because the model failed in the middle. Earlier failures are retried unseen. */
const MAX_MODEL_ATTEMPTS = 4;
/** How long a reply may go on after the worker was told to stop, in milliseconds. */
const DRAIN_MS = 8_000;

/** Works on runs: claims them, lets the model answer into the stream, and writes the end. */
export class RunExecutor {
  constructor(private readonly options: RunnerOptions) {}

  async execute(runId: string, job: JobContext): Promise<void> {
    const claimed = await claimRun(runId, this.options);
    if (!claimed) return;
    const stop = new AbortController();
    const stopFor = (reason: StopReason | 'SHUTDOWN') => stop.abort(reason);
    const lease = new Lease(this.options.database, claimed.run, stopFor, job.log);
    const stopListening = await onCancel(this.options.bus, runId, () => void lease.renew());
    const onShutdown = () => setTimeout(() => stopFor('SHUTDOWN'), DRAIN_MS).unref();
    job.signal.addEventListener('abort', onShutdown);
    try {
      if (claimed.run.cancelRequestedAt) stopFor('CANCELLED');
      await this.work(claimed, stop, job);
    } finally {
      lease.end();
      stopListening();
      job.signal.removeEventListener('abort', onShutdown);
    }
  }

  private async work(claimed: ClaimedRun, stop: AbortController, job: JobContext): Promise<void> {
    const said = new ModelReply();
    const writer = new DeltaWriter(this.options.streams, claimed, () => stop.abort('FENCED'));
    let failure: unknown = null;
    try {
      await this.answer(claimed, said, writer, stop.signal);
    } catch (error) {
      failure = error;
    }
    const lost = await writer.drain().then(
      () => null,
      (error: unknown) => error,
    );
    const reason = stop.signal.aborted ? (stop.signal.reason as StopReason | 'SHUTDOWN') : null;
    if (lost instanceof FencedError || (reason === 'FENCED' && !lost)) return;
    if (lost) return this.putDown(claimed, said);
    if (reason === 'SHUTDOWN' && failure !== null) return this.putDown(claimed, said);
    if (reason === 'CANCELLED' && failure !== null)
      return this.end(claimed, said, { state: RunState.CANCELLED, error: null });
    if (failure === null) return this.end(claimed, said, { state: RunState.SUCCEEDED, error: null });
    if (this.worthAnother(claimed, said, failure)) return this.putDown(claimed, said);
    job.log.info({ runId: claimed.run.id, err: failure }, 'a run failed');
    return this.end(claimed, said, { state: RunState.FAILED, error: describeFailure(failure) });
  }

  /** A failure before anything was shown has been retried already; one in the middle needs the reply begun again. */
  private worthAnother({ run }: ClaimedRun, said: ModelReply, failure: unknown): boolean {
    return isModelError(failure) && failure.retryable && said.parts.length > 0 && run.attempt < MAX_MODEL_ATTEMPTS;
  }

  private async answer(claimed: ClaimedRun, said: ModelReply, writer: DeltaWriter, signal: AbortSignal): Promise<void> {
    const { run } = claimed;
    if (run.attempt > MAX_ATTEMPTS) {
      throw new RunFailure(
        'RUN_ABANDONED',
        'The reply was begun many times and never got to its end. Send the message again.',
        true,
      );
    }
    signal.throwIfAborted();
    const { modelId, ...prompt } = await buildPrompt(claimed, this.options);
    const { provider, model } = await this.options.models.resolve(modelId);
    signal.throwIfAborted();
    await ask({
      provider,
      modelId: `${provider.id}/${model}`,
      request: { model, ...prompt },
      signal,
      requestId: run.id,
      reply: said,
      onDelta: (kind, text) => writer.write(kind, text),
    });
  }

  private async end(claimed: ClaimedRun, said: ModelReply, outcome: Outcome): Promise<void> {
    if (await finishRun(claimed, said, outcome, this.options)) this.options.onEnded(claimed.run);
  }

  /** Lets go of a run so that it is begun again, here or elsewhere. What the attempt cost is kept. */
  private async putDown({ run }: ClaimedRun, said: ModelReply): Promise<void> {
    const released = await this.options.transactions.scoped(async ({ tx }) => {
      const held = await tx.run.updateMany({
        where: { id: run.id, fence: run.fence, state: 'RUNNING' },
        data: { leaseUntil: null },
      });
      if (held.count > 0) await recordCalls(run, said, tx);
      return held.count > 0;
    });
    if (released) this.options.onPutDown(run);
  }
}
