import type { JsonValue } from '#core/model/model.port';
import { pauseBehind } from './backoff.ts';
import type { TaskPolicy } from './task-policy.ts';

/** Why an attempt failed, in words for people. */
export interface WorkError {
  code: string;
  message: string;
  /** Whether the same may go better later. */
  retryable: boolean;
}

/** Workers that one job may lose before the job itself is taken for the reason. */
export const MOST_LOSSES = 10;

export interface FailureFacts {
  error: WorkError;
  /** Attempts that failed since the job was last queued anew, this one included. */
  failures: number;
  policy: Pick<TaskPolicy, 'attempts' | 'backoff' | 'retryOn' | 'onFailure' | 'defaultValue' | 'fallbackAgentId'>;
  /** That it has fallen back already. */
  recovered: boolean;
  /** How long until the task ends unfinished, in milliseconds; null where it does not. */
  leftMs: number | null;
  /** What the outside asked to wait at least, in milliseconds. */
  retryAfterMs: number | null;
  /** From 0 up to, but not including, 1. */
  random: number;
}

/** What follows an attempt that failed. */
export type AfterFailure =
  | { kind: 'RETRY'; delayMs: number }
  | { kind: 'DEFAULT_VALUE'; value: JsonValue }
  | { kind: 'FALLBACK'; agentId: string }
  | { kind: 'DEAD' };

/** Decides what follows a failed attempt. Pure. */
export function afterFailure(facts: FailureFacts): AfterFailure {
  const { error, failures, policy, recovered, leftMs, retryAfterMs, random } = facts;
  const mayRetry = policy.retryOn ? policy.retryOn.includes(error.code) : error.retryable;
  if (mayRetry && failures < policy.attempts) {
    const delayMs = Math.max(pauseBehind(failures, policy.backoff, random), retryAfterMs ?? 0);
    // An attempt behind the end of the task would never begin.
    if (leftMs === null || delayMs < leftMs) return { kind: 'RETRY', delayMs };
  }
  if (policy.onFailure === 'DEFAULT_VALUE') return { kind: 'DEFAULT_VALUE', value: policy.defaultValue };
  if (policy.onFailure === 'FALLBACK' && policy.fallbackAgentId && !recovered) {
    return { kind: 'FALLBACK', agentId: policy.fallbackAgentId };
  }
  return { kind: 'DEAD' };
}
