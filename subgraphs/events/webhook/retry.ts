/** When deliveries that failed are tried again, and when no more. */
export interface RetryPolicy {
  /** Before the second try, in milliseconds; four times as long before each further one. */
  firstMs: number;
  /** How often it is tried in all. */
  tries: number;
}

const FACTOR = 4;
const LONGEST_MS = 12 * 3_600_000;

/**
 * How long to wait after `tries` that failed, in milliseconds, a fifth more or less, so that what failed together does not
 * come back together; null where it is not tried again.
 * @param random Between 0 and 1.
 */
export function retryDelay({ firstMs, tries: most }: RetryPolicy, tries: number, random: number): number | null {
  if (tries >= most) return null;
  return Math.min(firstMs * FACTOR ** (tries - 1), LONGEST_MS) * (0.8 + 0.4 * random);
}
