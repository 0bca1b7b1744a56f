import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { ParleyError } from './error.ts';

/** How much is allowed: `points` within each window of `seconds`. */
export interface RateLimit {
  /** Names the budget: `requests`, `log-in`. */
  name: string;
  points: number;
  seconds: number;
  /** What a caller is told whose budget is spent, as sentences. Left out: that there were too many requests. */
  refusal?: string;
}

/** Counts what callers do. Across processes where Redis is there, else within this one. */
export interface RateLimits {
  /**
   * Takes `points` from the caller's budget.
   * @param key Who is counted: a user's id, an address.
   * @throws ParleyError `RATE_LIMITED` with `retryAfterSeconds` where the budget is spent.
   */
  consume(limit: RateLimit, key: string, points?: number): Promise<void>;
  /** Gives the caller the whole budget back, as after a log-in that succeeded. */
  reset(limit: RateLimit, key: string): Promise<void>;
}

export function createRateLimits(redis: Redis | null): RateLimits {
  const limiters = new Map<string, RateLimiterMemory | RateLimiterRedis>();
  const limiterOf = ({ name, points, seconds }: RateLimit) => {
    const known = limiters.get(name);
    if (known) return known;
    const settings = { keyPrefix: `parley:rate:${name}`, points, duration: seconds };
    // While Redis is away each process counts alone: refusing everybody would be worse than counting loosely.
    const limiter = redis
      ? new RateLimiterRedis({ ...settings, storeClient: redis, insuranceLimiter: new RateLimiterMemory(settings) })
      : new RateLimiterMemory(settings);
    limiters.set(name, limiter);
    return limiter;
  };
  return {
    async consume(limit, key, points = 1) {
      try {
        await limiterOf(limit).consume(key, points);
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        const seconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
        throw new ParleyError('RATE_LIMITED', `${limit.refusal ?? 'Too many requests.'} Try again in ${seconds} s.`, {
          retryAfterSeconds: seconds,
        });
      }
    },
    async reset(limit, key) {
      await limiterOf(limit).delete(key);
    },
  };
}
