/** How the pauses between attempts grow. */
export const BACKOFFS = ['FIXED', 'LINEAR', 'EXPONENTIAL'] as const;

export interface Backoff {
  kind: (typeof BACKOFFS)[number];
  /** The first pause, in milliseconds. */
  delayMs: number;
  /** No pause is longer, in milliseconds. */
  maxDelayMs: number;
  /** What part of a pause is left to chance, from 0 to 1: what failed together does not come back together. */
  jitter: number;
}

/**
 * How long to wait behind the attempt that failed, in milliseconds. Pure.
 * @param failures How many attempts have failed, this one included.
 * @param random From 0 up to, but not including, 1.
 */
export function pauseBehind(failures: number, { kind, delayMs, maxDelayMs, jitter }: Backoff, random: number): number {
  const grown =
    kind === 'FIXED' ? delayMs : kind === 'LINEAR' ? delayMs * failures : delayMs * 2 ** Math.min(failures - 1, 40);
  const most = Math.min(grown, maxDelayMs);
  return Math.round(most * (1 - jitter * random));
}
