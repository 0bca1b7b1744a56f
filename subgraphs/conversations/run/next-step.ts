import { isConnectionFailure } from '#core/database/failure';
import { ParleyError } from '#core/error';
import { isModelError } from '#core/model/model-error';
import { backoffMs, DEFAULT_RETRY_POLICY } from '#core/model/retry';
import { FencedError } from '#core/stream/event';
import type { Run, RunWait } from '#prisma/generated/client';
import { LimitReached, ReplyBroken, Suspended } from '../orchestration/run-signal.ts';

/** Beginnings of one reply at most, whether the model failed in the middle of it or its worker died. */
export const MAX_ATTEMPTS = 12;
/** Of those, beginnings because the model failed in the middle. Earlier failures are retried unseen. */
export const MAX_MODEL_ATTEMPTS = 4;

/** How often a run was begun since somebody has last retried it: whoever does is not held to what it took before. */
export const beginningsOf = ({ attempt, earlierAttempts }: Pick<Run, 'attempt' | 'earlierAttempts'>): number =>
  attempt - earlierAttempts;

/** Why the work on a run had to stop: `FENCED` by another worker's claim, `LOG_REFUSED` by the stream log or that of steps. */
export type StopReason = 'CANCELLED' | 'FENCED' | 'LOG_REFUSED' | 'SHUTDOWN';

/** How an attempt went. */
export interface AttemptFacts {
  /** From 1. */
  attempt: number;
  /** Whether the room has seen something of the reply. */
  hasShown: boolean;
  stopped: StopReason | null;
  /** What the model or the work around it threw; null where the reply is whole. */
  failure: unknown;
  /** What the stream log refused a part of the reply with; null where all of it is in the log. */
  refusal: unknown;
  /** From 0 up to, but not including, 1: spreads out what failed together. */
  random: number;
}

/** What to do about it. `LET_GO`: the run belongs to another worker, and nothing may be written. */
export type NextStep =
  | { kind: 'SUCCEED' | 'CANCEL' | 'FAIL' | 'LIMIT' | 'LET_GO' }
  | { kind: 'PAUSE'; waitsFor: RunWait }
  | { kind: 'BEGIN_AGAIN'; delayMs: number };

/** Decides what follows an attempt. Pure. */
export function decide({ attempt, hasShown, stopped, refusal, random, ...facts }: AttemptFacts): NextStep {
  const failure = facts.failure instanceof ReplyBroken ? facts.failure.cause : facts.failure;
  if (refusal instanceof FencedError || failure instanceof FencedError || stopped === 'FENCED')
    return { kind: 'LET_GO' };
  // What the room saw is not all that was said: only a new beginning makes it whole.
  if (refusal !== null) return { kind: 'BEGIN_AGAIN', delayMs: 0 };
  if (failure === null) return { kind: 'SUCCEED' };
  if (stopped === 'CANCELLED') return { kind: 'CANCEL' };
  if (stopped === 'SHUTDOWN') return { kind: 'BEGIN_AGAIN', delayMs: 0 };
  if (failure instanceof LimitReached) return { kind: 'LIMIT' };
  if (failure instanceof Suspended) return { kind: 'PAUSE', waitsFor: failure.waitsFor };
  if (stopped === 'LOG_REFUSED' && attempt < MAX_ATTEMPTS) {
    return { kind: 'BEGIN_AGAIN', delayMs: backoffMs(attempt, DEFAULT_RETRY_POLICY, random) };
  }
  if (isModelError(failure)) {
    // Before anything was shown, the call has been retried already.
    const isBroken = hasShown || facts.failure instanceof ReplyBroken;
    if (!failure.retryable || !isBroken || attempt >= MAX_MODEL_ATTEMPTS) return { kind: 'FAIL' };
    return { kind: 'BEGIN_AGAIN', delayMs: backoffMs(attempt, DEFAULT_RETRY_POLICY, random, failure.retryAfterMs) };
  }
  if (!isOutage(failure) || attempt >= MAX_ATTEMPTS) return { kind: 'FAIL' };
  return { kind: 'BEGIN_AGAIN', delayMs: backoffMs(attempt, DEFAULT_RETRY_POLICY, random) };
}

/** A part of Parley, or its database, was away for a while. */
const isOutage = (error: unknown): boolean =>
  isConnectionFailure(error) || (error instanceof ParleyError && error.code === 'UNAVAILABLE');
