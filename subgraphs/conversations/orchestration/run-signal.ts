import type { RunWait } from '#prisma/generated/client';
import type { RunErrorType } from '../run.type.ts';

/** The limits that are counted down, those of time included. */
export type CountedLimit =
  | 'maxTurns'
  | 'maxSteps'
  | 'maxDepth'
  | 'maxHandoffs'
  | 'maxWallMs'
  | 'maxTokens'
  | 'maxToolCalls';

/** The work cannot go on before a person, or a budget, allows it: everything so far is kept, and the worker let go. */
export class Suspended extends Error {
  constructor(readonly waitsFor: RunWait) {
    super(`The run waits for ${waitsFor}.`);
    this.name = 'Suspended';
  }
}

/** A limit was met. It ends the work of whoever set it: `owner` is their place in the run. */
export class LimitReached extends Error {
  constructor(
    readonly limit: CountedLimit,
    readonly owner: string,
    readonly bound: number,
    /** A person is going to be asked: what was under way can still come to its end. */
    readonly asks = false,
  ) {
    super(`The limit ${limit} of ${bound.toLocaleString('en')} was reached.`);
    this.name = 'LimitReached';
  }
}

/** How a step failed, as it is stored: told again on every later attempt. */
export interface StepError extends RunErrorType {
  /** With the code `LIMIT_REACHED`: which one, how far it went, and whose it is. */
  limit?: { name: CountedLimit; bound: number; owner: string };
}

/** A step that has failed for good. */
export class StepFailure extends Error {
  constructor(readonly error: StepError) {
    super(error.message);
    this.name = 'StepFailure';
  }
}

/** The text that the room has seen cannot be gone on with: the reply has to begin again. */
export class ReplyBroken extends Error {
  constructor(override readonly cause: unknown) {
    super('A reply broke off in the middle.');
    this.name = 'ReplyBroken';
  }
}

/** The error of a stored failure, as it was when it was thrown. */
export const toThrown = (error: StepError): Error =>
  error.limit ? new LimitReached(error.limit.name, error.limit.owner, error.limit.bound) : new StepFailure(error);

/** What a branch was working on is not needed any more: others have made it superfluous, or useless. */
export class BranchStopped extends Error {
  constructor() {
    super('The branch was stopped.');
    this.name = 'BranchStopped';
  }
}
