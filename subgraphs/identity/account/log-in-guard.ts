import { createHash } from 'node:crypto';
import { ParleyError } from '#core/error';
import type { Kernel } from '#core/kernel';
import type { RateLimit } from '#core/rate-limit';
import { isKnownNetwork, networkOf } from './known-network.ts';

/** Wrong passwords for one account from one network. */
export const BY_PLACE: RateLimit = { name: 'log-in-place', points: 10, seconds: 15 * 60 };
/** Wrong passwords for one account from all the networks together that it was not logged in to from lately. */
export const BY_STRANGERS: RateLimit = { name: 'log-in-strangers', points: 50, seconds: 60 * 60 };
/** Wrong passwords from one network, whichever accounts they are for. An office may share an address. */
export const BY_NETWORK: RateLimit = { name: 'log-in-network', points: 100, seconds: 15 * 60 };
/** Wrong passwords of one who is logged in already, wherever he is. */
export const BY_VIEWER: RateLimit = { name: 'log-in-viewer', points: 10, seconds: 15 * 60 };
/** How many may wait for their turn in one lane before more are sent away. */
const MAX_WAITING = 200;

/** Whose guesses take turns, and what a wrong one costs: the widest budget first. */
interface Lane {
  name: string;
  budgets: [limit: RateLimit, key: string][];
}

/**
 * Counts wrong passwords. Guesses take turns, so that a burst of them cannot get past the count, and right ones cost
 * nothing, however many come at once. Strangers have a lane and a budget of their own at each account: what they spend
 * there keeps nobody out of it who comes from where he came in lately.
 */
export class LogInGuard {
  private readonly turns = new Map<string, { last: Promise<unknown>; waiting: number }>();

  constructor(private readonly kernel: Pick<Kernel, 'database' | 'rateLimits'>) {}

  /**
   * For whoever says that an account is his.
   * @param check Compares the password; null means that it is wrong.
   * @param refusal What is thrown where it is; once it has been wrong too often, `RATE_LIMITED` is.
   */
  async attempt<T>(
    { email, ip }: { email: string; ip: string | null },
    refusal: ParleyError,
    check: () => Promise<T | null>,
  ): Promise<T> {
    const network = networkOf(ip ?? '');
    const [account, place] = [digest(email), digest(email, network)];
    const known = await isKnownNetwork(this.kernel.database, email, network);
    const lane: Lane = known ? { name: place, budgets: [] } : { name: account, budgets: [[BY_STRANGERS, account]] };
    if (ip) lane.budgets.push([BY_NETWORK, network]);
    lane.budgets.push([BY_PLACE, place]);
    return this.inTurn(lane, refusal, check);
  }

  /** For whoever is logged in and shows once more who he is: others cannot spend what is his. */
  async attemptAgain<T>(userId: string, refusal: ParleyError, check: () => Promise<T | null>): Promise<T> {
    return this.inTurn({ name: userId, budgets: [[BY_VIEWER, userId]] }, refusal, check);
  }

  private async inTurn<T>({ name, budgets }: Lane, refusal: ParleyError, check: () => Promise<T | null>): Promise<T> {
    const count = async (points: number) => {
      for (const [limit, key] of budgets) await this.kernel.rateLimits.consume(limit, key, points);
    };
    return this.queue(name, async () => {
      await count(0);
      const result = await check();
      if (result === null) {
        await count(1);
        throw refusal;
      }
      // The narrowest is the caller's own. What many share is not given back: one right guess would pay for wrong ones.
      const own = budgets.at(-1);
      if (own) await this.kernel.rateLimits.reset(...own);
      return result;
    });
  }

  private async queue<T>(lane: string, work: () => Promise<T>): Promise<T> {
    const queue = this.turns.get(lane) ?? { last: Promise.resolve(), waiting: 0 };
    if (queue.waiting >= MAX_WAITING) {
      throw new ParleyError('RATE_LIMITED', 'Too many log-ins at once. Try again in 1 s.', { retryAfterSeconds: 1 });
    }
    this.turns.set(lane, queue);
    queue.waiting++;
    const turn = queue.last.then(work);
    queue.last = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      queue.waiting--;
      if (queue.waiting === 0) this.turns.delete(lane);
    }
  }
}

/** Addresses of people stay out of the store that counts. */
const digest = (...parts: string[]): string => createHash('sha256').update(parts.join('\n')).digest('base64url');
