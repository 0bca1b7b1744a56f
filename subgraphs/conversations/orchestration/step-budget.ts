import { BudgetExhausted, type Reservation } from '#core/budget/budget.port';
import type { ModelRequest } from '#core/model/model.port';
import type { CallRecord } from '../run/ask-model.ts';
import { persist } from '../run/persist.ts';
import { RunFailure } from '../run/run-failure.ts';
import { sumUsage } from '../run/usage.ts';
import type { TokenHold } from './allowance.ts';
import type { StepRecord } from './step.ts';
import { estimateTokens } from './token-estimate.ts';
import type { Visit } from './visit.ts';

/** Tokens that are set aside for an answer where neither its agent nor its limits say how long it may be. */
export const ASSUMED_OUTPUT_TOKENS = 4_096;

/** What a call may be made with. */
export interface Admitted {
  /** With its provider's prefix. */
  model: string;
  /** Left out where nothing bounds the answer. */
  maxOutputTokens?: number;
}

/**
 * What a step that calls a model has set aside: of the limits of its agent and of those above it, and of the budget that all
 * runs share. The one holds within the run, whose worker is alone with it; the other is the database's to say.
 */
export class StepBudget {
  private readonly calls: CallRecord[] = [];
  private reservation: Reservation | null = null;

  private constructor(
    private readonly visit: Visit,
    private readonly step: StepRecord,
    private readonly model: string,
    private readonly request: Omit<ModelRequest, 'model'>,
    private readonly least: number,
    private readonly held: { hold: TokenHold; tokens: number },
    private readonly waits: boolean,
  ) {}

  /**
   * @param model With its provider's prefix.
   * @param options `waits`: whether the run is to wait where the budget says so.
   * @throws LimitReached
   */
  static open(
    visit: Visit,
    step: StepRecord,
    model: string,
    request: Omit<ModelRequest, 'model'>,
    { waits }: { waits: boolean },
  ): StepBudget {
    const least = estimateTokens(request);
    const most = least + (request.maxOutputTokens ?? ASSUMED_OUTPUT_TOKENS);
    return new StepBudget(visit, step, model, request, least, visit.allowance.hold(least, most), waits);
  }

  /** The counts of the calls that the step has made. */
  get usage() {
    return sumUsage(this.calls.map(({ usage }) => usage));
  }

  /** Why another model answers than the agent's; null where its own does. */
  get decision() {
    if (!this.reservation || this.reservation.model === this.model) return null;
    return { model: this.reservation.model, reasons: [`A limit of tokens has no room for ${this.model}.`] };
  }

  /**
   * Sets aside what the next call may take, on top of what those before it took.
   * @throws RunFailure `QUOTA_EXCEEDED`; Suspended where the run is to wait
   */
  async reserve(): Promise<Admitted> {
    const { agent, allowance, scope } = this.visit;
    const { run } = scope;
    const spent = this.usage?.totalTokens ?? 0;
    if (!this.reservation || spent > 0) {
      const call = {
        ...{ orgId: run.orgId, runId: run.id, fence: run.fence, stepId: this.step.id },
        ...{ agentId: agent.id, model: this.model, least: spent + this.least, most: spent + this.held.tokens },
      };
      try {
        this.reservation = await persist(() => scope.budget.reserve(call));
      } catch (error) {
        if (!(error instanceof BudgetExhausted)) throw error;
        if (error.waits && this.waits) return scope.journal.park(this.step);
        throw new RunFailure('QUOTA_EXCEEDED', error.message, error.retryable);
      }
    }
    const isBound = this.reservation !== null || allowance.bound('maxTokens') < Number.MAX_SAFE_INTEGER;
    const most = this.reservation ? this.reservation.tokens - spent : this.held.tokens;
    const output = isBound ? Math.max(1, most - this.least) : this.request.maxOutputTokens;
    return {
      model: this.reservation?.model ?? this.model,
      ...(output !== undefined && { maxOutputTokens: output }),
    };
  }

  /** Keeps the counts of a call. */
  record(call: CallRecord): void {
    this.calls.push(call);
  }

  /** Stores the counts, and gives back what was not used. */
  settle(): void {
    this.visit.scope.journal.record(this.step.id, this.calls, this.reservation);
    this.held.hold.settle(this.usage?.totalTokens ?? 0);
  }
}
