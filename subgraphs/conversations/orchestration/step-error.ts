import { isConnectionFailure } from '#core/database/failure';
import { ParleyError } from '#core/error';
import { FencedError } from '#core/stream/event';
import { ToolError } from '#core/tool/tool.port';
import { describeFailure } from '../run/run-failure.ts';
import { LimitReached, ReplyBroken, type StepError, StepFailure, Suspended } from './run-signal.ts';

/**
 * Errors after which the step can still come to its end: later, elsewhere, or once a person has answered. A tool that could
 * not reach a server of the outside has come to its end.
 */
export const leavesOpen = (error: unknown): boolean =>
  error instanceof Suspended ||
  error instanceof ReplyBroken ||
  error instanceof FencedError ||
  (error instanceof LimitReached && error.asks) ||
  (isConnectionFailure(error) && !(error instanceof ToolError)) ||
  (error instanceof ParleyError && error.code === 'UNAVAILABLE');

/** What is kept of an error that ended a step. */
export function describeStepError(error: unknown): StepError {
  if (error instanceof StepFailure) return error.error;
  if (!(error instanceof LimitReached)) return describeFailure(error);
  const { limit, owner, bound, message } = error;
  return { code: 'LIMIT_REACHED', message, retryable: false, limit: { name: limit, owner, bound } };
}
