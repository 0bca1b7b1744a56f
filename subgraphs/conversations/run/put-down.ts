import type { Run } from '#prisma/generated/client';
import { holdsRun } from '../orchestration/held-run.ts';
import { type JournalEntry, writeEntries } from '../orchestration/journal-write.ts';
import { ACTIVE_MS } from './active-time.ts';
import type { FinishOptions } from './finish.ts';
import { persist } from './persist.ts';

/**
 * Lets go of a run so that it is begun again, here or elsewhere. What the attempt cost is kept.
 * @returns false where the claim was taken over.
 */
export function putDownRun(
  run: Run,
  delayMs: number,
  entries: readonly JournalEntry[],
  { transactions, budget }: Pick<FinishOptions, 'transactions' | 'budget'>,
): Promise<boolean> {
  const calls = entries.filter(({ type }) => type === 'CALLS');
  return persist(() =>
    transactions.direct(async (unit) => {
      if (!(await holdsRun(run, unit))) return false;
      await writeEntries(run, calls, unit, budget);
      const until = delayMs > 0 ? new Date(Date.now() + delayMs) : null;
      await unit.tx.$queryRawUnsafe(PUT_DOWN, run.id, until, delayMs);
      return true;
    }),
  );
}

/** The time until it is begun again is the run's own; that until somebody is there to begin it is not. */
const PUT_DOWN = `
  UPDATE runs SET active_ms = ${ACTIVE_MS} + $3::int, active_since = NULL, lease_until = $2::timestamptz
  WHERE id = $1::uuid`;
