import { isConnectionFailure } from '#core/database/failure';
import { ParleyError } from '#core/error';
import { newId } from '#core/id';
import type { JobContext } from '#core/job/job';
import { afterFailure, MOST_LOSSES, type WorkError } from '../attempt/next-step.ts';
import type { TaskPolicy } from '../attempt/task-policy.ts';
import type { TaskKinds } from '../kind/catalog.ts';
import { failure, isComposite, type WorkContext, type WorkEnd, WorkFailure, type WorkKind } from '../kind/kind.ts';
import type { Principals } from '../principals.ts';
import { type ClaimedJob, type ClaimOptions, claimJob } from './claim.ts';
import { ExecutionLog } from './execution-log.ts';
import type { Leases, StopReason } from './leases.ts';
import { persist } from './persist.ts';
import { type Settlement, settle } from './settle.ts';

export interface JobRunnerOptions extends ClaimOptions {
  kinds: TaskKinds;
  leases: Leases;
  principals: Principals;
}

/** How long work may go on after the worker was told to stop, in milliseconds. */
const DRAIN_MS = 8_000;

/** Works on jobs of tasks: takes one, does it, and writes how it went. */
export class JobRunner {
  constructor(private readonly options: JobRunnerOptions) {}

  async run(hint: { orgId: string; jobId: string }, context: JobContext): Promise<void> {
    const claimed = await claimJob(hint, this.options);
    if (!claimed) return;
    const stop = new AbortController();
    const stopFor = (reason: StopReason) => stop.abort(reason);
    const release = this.options.leases.hold(claimed.job, stopFor);
    const endsInMs = claimed.job.attemptEndsAt ? claimed.job.attemptEndsAt.getTime() - Date.now() : null;
    const timer = endsInMs === null ? undefined : setTimeout(() => stopFor('TIMED_OUT'), within(endsInMs));
    let draining: NodeJS.Timeout | undefined;
    const onShutdown = () => {
      draining = setTimeout(() => stopFor('SHUTDOWN'), DRAIN_MS).unref();
    };
    if (context.signal.aborted) onShutdown();
    else context.signal.addEventListener('abort', onShutdown);
    try {
      await this.work(claimed, stop, context);
    } finally {
      release();
      clearTimeout(timer);
      clearTimeout(draining);
      context.signal.removeEventListener('abort', onShutdown);
    }
  }

  private async work(claimed: ClaimedJob, stop: AbortController, { log }: JobContext): Promise<void> {
    const { task, job, execution } = claimed;
    const lines = new ExecutionLog(this.options.writer, claimed, log);
    let settlement: Settlement | null;
    try {
      if (task.cancelRequestedAt) stop.abort('CANCELLED' satisfies StopReason);
      const end = await this.attempt(claimed, stop, lines);
      settlement = end.kind === 'DONE' ? { kind: 'SUCCEEDED', output: end.output } : end;
    } catch (error) {
      settlement = settlementOf(error, stop, claimed);
      const reason = settlement?.kind ?? 'FENCED';
      log.info(
        { err: error, jobId: job.id, executionId: execution.id, reason },
        'an attempt at a task did not succeed',
      );
    }
    await lines.close();
    if (settlement) await persist(() => settle(claimed, settlement, this.options));
  }

  /** @throws what kept it from its end */
  private async attempt(claimed: ClaimedJob, stop: AbortController, lines: ExecutionLog): Promise<WorkEnd> {
    const { task, job, resumed } = claimed;
    const { kinds, principals } = this.options;
    const kind = kinds.get(job.kind);
    if (!kind || isComposite(kind)) throw failure('UNKNOWN_KIND', `There is no kind of work ${job.kind}.`, false);
    if (job.losses > MOST_LOSSES) {
      throw failure('WORKER_LOST', 'Each worker that began it was lost: it may be the reason itself.', false);
    }
    const viewer = await principals.viewerOf(task, kind.needs);
    const context: WorkContext = {
      taskId: task.id,
      jobId: job.id,
      viewer,
      effectId: job.effectId ?? newId(),
      idempotencyKey: `${job.id}-${job.round}`,
      signal: stop.signal,
      log: (level, text) => lines.add(level, text),
      progress: (fraction, note) => lines.progress(fraction, note),
    };
    const parsed = kind.input.safeParse(job.input);
    if (!parsed.success) throw failure('BAD_INPUT', problemsOf(parsed.error.issues), false);
    const isOver = job.attemptEndsAt !== null && job.attemptEndsAt.getTime() <= Date.now();
    if (resumed && (stop.signal.aborted || isOver)) return this.abandon(kind, parsed.data, context, stop);
    stop.signal.throwIfAborted();
    return resumed && kind.resume ? kind.resume(parsed.data, context) : kind.begin(parsed.data, context);
  }

  /** Ends what the attempt has started elsewhere, before the attempt itself is ended. */
  private async abandon(kind: WorkKind, input: unknown, context: WorkContext, stop: AbortController): Promise<never> {
    await kind.abandon?.(input, { ...context, signal: AbortSignal.timeout(10_000) });
    if (!stop.signal.aborted) stop.abort('TIMED_OUT' satisfies StopReason);
    throw stop.signal.reason;
  }
}

/** As far as timers reach. */
const within = (ms: number): number => Math.min(Math.max(ms, 0), 2_147_483_647);

const problemsOf = (issues: readonly { path: PropertyKey[]; message: string }[]): string =>
  issues.map(({ path, message }) => `${path.join('.') || 'input'}: ${message}.`).join(' ');

/** What to write of an attempt that did not come to a good end. Null where it belongs to another worker. */
function settlementOf(error: unknown, stop: AbortController, { task, job }: ClaimedJob): Settlement | null {
  const reason = stop.signal.aborted ? (stop.signal.reason as StopReason) : null;
  if (reason === 'FENCED') return null;
  if (reason === 'CANCELLED') return { kind: 'CANCELLED' };
  if (reason === 'SHUTDOWN') return { kind: 'PUT_DOWN' };
  const timedOut = reason === 'TIMED_OUT';
  const told = timedOut ? TIMED_OUT : describe(error);
  const next = afterFailure({
    error: told,
    failures: job.failures + 1,
    policy: task.policy as unknown as TaskPolicy,
    recovered: job.recovered !== null,
    leftMs: task.expiresAt ? task.expiresAt.getTime() - Date.now() : null,
    retryAfterMs: error instanceof WorkFailure ? error.retryAfterMs : null,
    random: Math.random(),
  });
  return { kind: 'FAILED', error: told, timedOut, next };
}

const TIMED_OUT: WorkError = { code: 'TIMED_OUT', message: 'The attempt took too long.', retryable: true };

/** What may be told of an error. Anything unknown is said without its own words. */
function describe(error: unknown): WorkError {
  if (error instanceof WorkFailure) return error.error;
  if (error instanceof ParleyError && error.code !== 'INTERNAL') {
    return { code: error.code, message: error.message, retryable: error.code === 'UNAVAILABLE' };
  }
  const isAway = isConnectionFailure(error);
  return {
    code: isAway ? 'UNAVAILABLE' : 'INTERNAL',
    message: isAway ? 'A part of Parley was away.' : 'Something went wrong on our side.',
    retryable: true,
  };
}
