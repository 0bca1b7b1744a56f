import { ParleyError } from '#core/error';
import { isModelError } from '#core/model/model-error';
import { ToolError } from '#core/tool/tool.port';
import { LimitReached, ReplyBroken, StepFailure } from '../orchestration/run-signal.ts';
import type { RunErrorType } from '../run.type.ts';

/** Why a run cannot go on, in words for people. */
export class RunFailure extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryable: boolean,
  ) {
    super(message);
    this.name = 'RunFailure';
  }
}

/** What the client is told of an error that ended a run. Anything unknown is said without its own words. */
export function describeFailure(error: unknown): RunErrorType {
  if (error instanceof StepFailure) {
    const { code, message, retryable } = error.error;
    return { code, message, retryable };
  }
  if (error instanceof ReplyBroken) return describeFailure(error.cause);
  if (error instanceof LimitReached) return { code: 'LIMIT_REACHED', message: error.message, retryable: false };
  if (error instanceof ToolError) return { code: error.code, message: error.message, retryable: error.retryable };
  if (isModelError(error) || error instanceof RunFailure) {
    return { code: error.code, message: error.message, retryable: error.retryable };
  }
  if (error instanceof ParleyError && error.code !== 'INTERNAL') {
    return { code: error.code, message: error.message, retryable: error.code === 'UNAVAILABLE' };
  }
  return {
    code: 'INTERNAL',
    message: 'Something went wrong on our side while the reply was written.',
    retryable: true,
  };
}
