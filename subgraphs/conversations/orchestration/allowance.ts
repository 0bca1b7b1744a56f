import type { LimitAction, OwnLimits, RunLimits } from '#core/agent/run-limits';
import { DEFAULT_LIMITS } from '#core/agent/run-limits';
import { type CountedLimit, LimitReached } from './run-signal.ts';
import { UnderWay } from './under-way.ts';

/** What is drawn from the agent that set a limit and from everybody above it. */
type Drawn = 'maxSteps' | 'maxHandoffs' | 'maxTokens' | 'maxToolCalls';

/** What an agent that closes with a summary keeps back for it of a limit of tokens, beside the prompt. */
const CLOSING_SHARE = 0.1;
const CLOSING_TOKENS = 2_048;
/** What it keeps back in all, at most: the rest is for the work. */
const CLOSING_MOST = 0.5;

/** Tokens that were set aside for a call before it was made. */
export interface TokenHold {
  /** What the call took in truth; 0 gives all of it back. Only the first call counts. */
  settle(tokens: number): void;
}

/**
 * What one agent may still use within a run. It draws from everybody above it as well, so that what works for another
 * can have less than that one, never more. Everything that an attempt takes from the log of steps is drawn again: the
 * counts are the same however often the run was begun.
 */
export class Allowance {
  private readonly used: Record<Drawn, number> = { maxSteps: 0, maxHandoffs: 0, maxTokens: 0, maxToolCalls: 0 };
  private underWay = 0;
  private readonly queue: UnderWay;
  private readonly raised: Partial<Record<CountedLimit, number>> = {};

  private constructor(
    /** The place of the agent in the run. */
    readonly owner: string,
    private readonly own: OwnLimits,
    private readonly parent: Allowance | null,
    readonly depth: number,
  ) {
    this.queue = parent?.queue ?? new UnderWay();
  }

  /** That of the agent that a run is about. What it does not set has the default. */
  static ofRun(own: OwnLimits): Allowance {
    return new Allowance('', { ...DEFAULT_LIMITS, ...own }, null, 1);
  }

  /** That of an agent which works for this one. @throws LimitReached `maxDepth` */
  below(owner: string, own: OwnLimits): Allowance {
    const child = new Allowance(owner, own, this, this.depth + 1);
    // Each counts from itself on.
    for (let each: Allowance | null = this; each; each = each.parent) {
      if (child.depth - each.depth + 1 > each.boundOfOwn('maxDepth')) throw each.reached('maxDepth');
    }
    return child;
  }

  get onLimit(): LimitAction {
    return this.own.onLimit ?? 'STOP';
  }

  /** The tightest bound that holds here. */
  bound(limit: keyof RunLimits): number {
    const raised = (this.raised as Partial<Record<string, number>>)[limit];
    const own = raised ?? this.own[limit] ?? Number.POSITIVE_INFINITY;
    return this.parent ? Math.min(own, this.parent.bound(limit)) : own;
  }

  /** Checks a count that is not drawn down, such as the turns of this agent. @throws LimitReached */
  check(limit: CountedLimit, count: number): void {
    for (let each: Allowance | null = this; each; each = each.parent) {
      if (count > each.boundOfOwn(limit)) throw each.reached(limit);
    }
  }

  /** Draws from what is left. @throws LimitReached where it is not enough; then nothing was drawn. */
  take(limit: Exclude<Drawn, 'maxTokens'>, count = 1): void {
    this.admit(limit, count);
    this.add(limit, count);
  }

  /**
   * Sets tokens aside for a call.
   * @param least What the call takes at least: its prompt.
   * @param most What it takes if the answer is as long as it can be.
   * @returns The hold, and how many tokens it has: between `least` and `most`.
   * @throws LimitReached
   */
  hold(least: number, most: number): { hold: TokenHold; tokens: number } {
    if (!this.closing) this.prompt = least;
    this.admit('maxTokens', least + 1, least);
    const tokens = Math.min(most, this.tokensLeft(least));
    this.add('maxTokens', tokens);
    let settled = false;
    return {
      tokens,
      hold: {
        settle: (used) => {
          if (settled) return;
          settled = true;
          this.add('maxTokens', used - tokens);
        },
      },
    };
  }

  /**
   * Makes calls once no more than `maxParallel` are under way, here and with everybody above. What is made of other steps
   * is none of them: it waits for them.
   */
  room(signal: AbortSignal): <T>(make: () => Promise<T>) => Promise<T> {
    return async (make) => {
      await this.queue.enter({ hasRoom: () => this.hasRoom(), take: () => this.count(1) }, signal);
      try {
        return await make();
      } finally {
        this.count(-1);
        this.queue.admit();
      }
    };
  }

  /** Counts tokens that an earlier attempt has used. */
  spend(tokens: number): void {
    this.add('maxTokens', tokens);
  }

  /**
   * Tokens that can still be used here; infinite where nobody set a limit.
   * @param prompt What the prompt of the call in question takes.
   */
  tokensLeft(prompt = 0): number {
    const left = this.openBound('maxTokens', prompt) - this.used.maxTokens;
    return Math.max(0, this.parent ? Math.min(left, this.parent.tokensLeft(prompt)) : left);
  }

  /**
   * Opens what was kept back for the closing answer.
   * @returns Tokens that its prompt may take.
   */
  beginClosing(): number {
    this.closing = true;
    const left = this.tokensLeft();
    const answer = Math.min(closingTokens(this.bound('maxTokens')), Math.floor(left / 2));
    return Math.max(0, left - answer - 1);
  }

  /** Allows as much again, since a person said so. */
  raise(limit: CountedLimit, by: number): void {
    this.raised[limit] = this.boundOfOwn(limit) + by;
  }

  /** The allowance of `owner`: this one or one above it. */
  of(owner: string): Allowance | null {
    return this.owner === owner ? this : (this.parent?.of(owner) ?? null);
  }

  /** The limit of this one was met. */
  reached(limit: CountedLimit): LimitReached {
    const asks = this.onLimit === 'ESCALATE' && !this.refused.has(limit);
    return new LimitReached(limit, this.owner, this.boundOfOwn(limit), asks);
  }

  /** A person has refused to raise the limit. */
  refuse(limit: CountedLimit): void {
    this.refused.add(limit);
  }

  private closing = false;
  /** What the last prompt of its own took: the closing one is about as long. */
  private prompt: number | null = null;
  private readonly refused = new Set<CountedLimit>();

  /** What it set itself, with what people have allowed beyond it; infinite where it set nothing. */
  boundOfOwn(limit: CountedLimit): number {
    return this.raised[limit] ?? this.own[limit] ?? Number.POSITIVE_INFINITY;
  }

  private openBound(limit: Drawn, prompt = 0): number {
    const bound = this.boundOfOwn(limit);
    if (limit !== 'maxTokens' || this.closing || this.onLimit !== 'SUMMARISE') return bound;
    const answer = closingTokens(bound);
    // Before anything was done there is nothing to sum up: one call may take what one call takes.
    if (this.used.maxTokens === 0) return bound - answer;
    return bound - Math.min(Math.floor(bound * CLOSING_MOST), answer + (this.prompt ?? prompt));
  }

  private admit(limit: Drawn, count: number, prompt = 0): void {
    for (let each: Allowance | null = this; each; each = each.parent) {
      if (each.closing && limit !== 'maxTokens') continue;
      if (each.used[limit] + count > each.openBound(limit, prompt)) {
        throw each.reached(limit);
      }
    }
  }

  private hasRoom(): boolean {
    const own = this.own.maxParallel ?? Number.POSITIVE_INFINITY;
    return this.underWay < own && (this.parent?.hasRoom() ?? true);
  }

  private count(change: 1 | -1): void {
    for (let each: Allowance | null = this; each; each = each.parent) each.underWay += change;
  }

  private add(limit: Drawn, count: number): void {
    for (let each: Allowance | null = this; each; each = each.parent) each.used[limit] += count;
  }
}

/** Tokens that are kept for the closing answer itself. */
const closingTokens = (bound: number): number => Math.min(CLOSING_TOKENS, Math.floor(bound * CLOSING_SHARE));
