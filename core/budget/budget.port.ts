import type { RawTransaction, Unit } from '#core/database/transaction';
import type { ModelUsage } from '#core/model/model.port';

/** A call of a model that is about to be made, as far as a budget is concerned. */
export interface BudgetedCall {
  orgId: string;
  runId: string;
  /** The claim on the run under which the call is made. */
  fence: number;
  /** The step that makes the call: what it has reserved before is replaced. */
  stepId: string;
  agentId: string;
  /** With its provider's prefix. */
  model: string;
  /** Tokens that it takes at least: its prompt. */
  least: number;
  /** Tokens that it takes if the answer is as long as it can be. */
  most: number;
}

/** What was set aside for a call. Settled or released once, in the transaction that stores what the call took. */
export interface Reservation {
  stepId: string;
  fence: number;
  /** What the call may take, prompt and answer together: between its `least` and its `most`. */
  tokens: number;
  /** The model that is to answer: another than the wanted one where a budget has only room for that. */
  model: string;
}

/** One call as its provider counted it; null where it counted nothing. */
export interface CountedCall {
  model: string;
  usage: ModelUsage | null;
}

/**
 * What calls of models may take together. Reserving is atomic across all workers; what a worker reserved that then died
 * is given back once its run is claimed anew.
 */
export interface Budget {
  /**
   * Sets aside what a call may take at most, from every limit that it falls under, or from none of them.
   * @returns null where nothing limits it.
   * @throws BudgetExhausted
   */
  reserve(call: BudgetedCall): Promise<Reservation | null>;
  /** Counts what the calls took in truth, and gives the rest back. */
  settle(reservation: Reservation, calls: readonly CountedCall[], unit: Unit<RawTransaction>): Promise<void>;
  /** Gives all of it back: the call was not made. */
  release(reservation: Reservation, unit: Unit<RawTransaction>): Promise<void>;
}

/** A budget has no room for a call. */
export class BudgetExhausted extends Error {
  constructor(
    /** Whether the run is to wait until there is room again. */
    readonly waits: boolean,
    message: string,
    /** Whether there will be room again by itself. */
    readonly retryable: boolean,
  ) {
    super(message);
    this.name = 'BudgetExhausted';
  }
}
