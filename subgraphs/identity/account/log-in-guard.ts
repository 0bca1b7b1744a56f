import { createHash } from 'node:crypto';
import { ParleyError } from '#core/error';
import type { RateLimit, RateLimits } from '#core/rate-limit';

/** Wrong passwords for one account from one address. */
export const BY_PAIR: RateLimit = { name: 'log-in-pair', points: 10, seconds: 15 * 60 };
/** Wrong passwords for one account, wherever they come from: what many addresses can guess together. */
export const BY_ACCOUNT: RateLimit = { name: 'log-in-account', points: 100, seconds: 60 * 60 };
/** Wrong passwords from one address, whichever accounts they are for. An office may share an address. */
export const BY_ADDRESS: RateLimit = { name: 'log-in-address', points: 100, seconds: 15 * 60 };
/** How many may wait for their turn before more are sent away. */
const MAX_WAITING = 200;

/** Whose password is tried, and from where. */
export interface Attempt {
  email: string;
  ip: string | null;
}

/**
 * Counts wrong passwords. What strangers guess at an account keeps nobody out who has logged in to it from the same
 * address before. Guesses from one address at one account are taken one after another, so that a burst of them cannot
 * get past the count, and right ones cost nothing, however many come at once.
 */
export class LogInGuard {
  private readonly turns = new Map<string, { last: Promise<unknown>; waiting: number }>();

  constructor(
    private readonly rateLimits: RateLimits,
    /** Whether somebody has logged in to the account from the address before. */
    private readonly isKnown: (who: { email: string; ip: string }) => Promise<boolean>,
  ) {}

  /**
   * @param check Compares the password; null means that it is wrong.
   * @param refusal What is thrown where it is; once it has been wrong too often, `RATE_LIMITED` is.
   */
  async attempt<T>(who: Attempt, refusal: ParleyError, check: () => Promise<T | null>): Promise<T> {
    const account = createHash('sha256').update(who.email).digest('base64url');
    const pair = `${account}/${who.ip ?? ''}`;
    return this.inTurn(pair, async () => {
      await this.count(who, account, pair, 0);
      const result = await check();
      if (result === null) {
        await this.count(who, account, pair, 1);
        throw refusal;
      }
      await this.rateLimits.reset(BY_PAIR, pair);
      return result;
    });
  }

  private async count(who: Attempt, account: string, pair: string, points: number): Promise<void> {
    await this.rateLimits.consume(BY_PAIR, pair, points);
    if (who.ip) await this.rateLimits.consume(BY_ADDRESS, who.ip, points);
    try {
      await this.rateLimits.consume(BY_ACCOUNT, account, points);
    } catch (spent) {
      const { email, ip } = who;
      if (!ip || !(await this.isKnown({ email, ip }))) throw spent;
    }
  }

  private async inTurn<T>(account: string, work: () => Promise<T>): Promise<T> {
    const queue = this.turns.get(account) ?? { last: Promise.resolve(), waiting: 0 };
    if (queue.waiting >= MAX_WAITING) {
      throw new ParleyError('RATE_LIMITED', 'Too many log-ins at once. Try again in 1 s.', { retryAfterSeconds: 1 });
    }
    this.turns.set(account, queue);
    queue.waiting++;
    const turn = queue.last.then(work);
    queue.last = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      queue.waiting--;
      if (queue.waiting === 0) this.turns.delete(account);
    }
  }
}
