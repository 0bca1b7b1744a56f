import { createHash } from 'node:crypto';
import { ParleyError } from '#core/error';
import type { RateLimit, RateLimits } from '#core/rate-limit';

/** Wrong passwords for one account, wherever they come from. */
export const BY_EMAIL: RateLimit = { name: 'log-in-email', points: 10, seconds: 15 * 60 };
/** Wrong passwords from one address, whichever accounts they are for. An office may share an address. */
export const BY_ADDRESS: RateLimit = { name: 'log-in-address', points: 100, seconds: 15 * 60 };
/** How many may wait for their turn at one account before more are sent away. */
const MAX_WAITING = 200;

/**
 * Counts wrong passwords. Guesses at one account are taken one after another, so that a burst of them cannot get past
 * the count, and right ones cost nothing, however many come at once.
 */
export class LogInGuard {
  private readonly turns = new Map<string, { last: Promise<unknown>; waiting: number }>();

  constructor(private readonly rateLimits: RateLimits) {}

  /**
   * @param check Compares the password; null means that it is wrong.
   * @param refusal What is thrown where it is; once it has been wrong too often, `RATE_LIMITED` is.
   */
  async attempt<T>(
    who: { email: string; ip: string | null },
    refusal: ParleyError,
    check: () => Promise<T | null>,
  ): Promise<T> {
    const account = createHash('sha256').update(who.email).digest('base64url');
    return this.inTurn(account, async () => {
      await this.count(account, who.ip, 0);
      const result = await check();
      if (result === null) {
        await this.count(account, who.ip, 1);
        throw refusal;
      }
      await this.rateLimits.reset(BY_EMAIL, account);
      return result;
    });
  }

  private async count(account: string, ip: string | null, points: number): Promise<void> {
    await this.rateLimits.consume(BY_EMAIL, account, points);
    if (ip) await this.rateLimits.consume(BY_ADDRESS, ip, points);
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
