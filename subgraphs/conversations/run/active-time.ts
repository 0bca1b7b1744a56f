/**
 * What of a row of `runs` says how long it was worked on, as SQL: the milliseconds so far with those of the present claim.
 * Of a worker that is gone its lease counts, not how long nobody was there to take over.
 */
export const ACTIVE_MS = `
  active_ms + coalesce(greatest(0, extract(epoch FROM least(clock_timestamp(), lease_until) - active_since)) * 1000, 0)::int`;
