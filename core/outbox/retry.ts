const FIRST_MS = 500;
const LONGEST_MS = 5 * 60_000;

/** After so many attempts an event is given up for the time being: told as an error, and tried once an hour. */
export const GIVEN_UP_AFTER = 20;

export const HOURLY_MS = 3_600_000;

/**
 * How long an event waits after its `attempt`-th failure, in milliseconds: doubled each time up to five minutes (so that
 * twenty attempts take about an hour), hourly from then on. `random` in [0, 1) spreads it over the last fifth.
 */
export function retryDelay(attempt: number, random: number = Math.random()): number {
  if (attempt >= GIVEN_UP_AFTER) return HOURLY_MS;
  const full = Math.min(FIRST_MS * 2 ** (attempt - 1), LONGEST_MS);
  return full * (1 - 0.2 * random);
}
