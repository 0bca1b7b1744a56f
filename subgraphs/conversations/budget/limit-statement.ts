import type { RawTransaction } from '#core/database/transaction';
import type { LimitState } from './admission.ts';

/** What is used of a limit `l` in its present period. */
export const USED = `CASE WHEN l.used_since < parley_period_start(l.period, l.created_at) THEN 0 ELSE l.used END`;

/**
 * Locks the limits of an organization. All of them, in one order: whoever reserves and whoever settles cannot wait for each
 * other in a circle. What they have left is read afterwards, by a statement that sees what the one before has committed.
 */
export const lockLimits = (tx: RawTransaction, orgId: string): Promise<{ id: string }[]> =>
  tx.$queryRaw<
    { id: string }[]
  >`SELECT id::text FROM token_limits WHERE org_id = ${orgId}::uuid ORDER BY id FOR NO KEY UPDATE`;

interface Asking {
  orgId: string;
  agentId: string;
  runId: string;
  stepId: string;
}

/** A number of PostgreSQL that JavaScript gets as text. */
type StoredState = Omit<LimitState, 'max' | 'used' | 'reserved'> & { max: string; used: string; reserved: string };

/** The limits that a call falls under, as they stand in this transaction. */
export async function readLimits(tx: RawTransaction, asking: Asking): Promise<LimitState[]> {
  const rows = await tx.$queryRawUnsafe<StoredState[]>(
    STATES,
    asking.orgId,
    asking.agentId,
    asking.runId,
    asking.stepId,
  );
  return rows.map((row) => ({
    ...row,
    max: Number(row.max),
    used: Number(row.used),
    reserved: Number(row.reserved),
  }));
}

/**
 * Runs that wait are ahead of those that come later. One that was told to go on, and does something else first, keeps the
 * others waiting for a few seconds at most.
 */
export const STILL_FIRST = `
  (w.woken_at IS NULL AND q.state IN ('RUNNING', 'WAITING', 'QUEUED') OR w.woken_at > now() - interval '15 seconds')`;

const STATES = `
  SELECT l.id::text, l.max_tokens::text AS max, (${USED})::text AS used,
         (SELECT coalesce(sum(r.tokens), 0)::text FROM token_reservations r
          WHERE r.limit_id = l.id AND r.step_id <> $4::uuid) AS reserved,
         l.when_exhausted::text AS "whenExhausted", l.downgrade_model AS "downgradeModel",
         EXISTS (SELECT 1 FROM token_waits w JOIN runs q ON q.id = w.run_id
                 WHERE w.limit_id = l.id AND w.run_id <> $3::uuid AND ${STILL_FIRST}
                   AND NOT EXISTS (SELECT 1 FROM token_waits own
                                   WHERE own.run_id = $3::uuid AND own.limit_id = l.id
                                     AND (own.since, own.run_id) < (w.since, w.run_id))) AS queued
  FROM token_limits l WHERE l.org_id = $1::uuid AND (l.agent_id IS NULL OR l.agent_id = $2::uuid) ORDER BY l.id`;

/** Counts tokens of a call that was not reserved, as of a live session, whose turns nobody can foresee. */
export async function countTokens(
  tx: RawTransaction,
  { orgId, agentId }: { orgId: string; agentId: string },
  tokens: number,
): Promise<void> {
  if ((await lockLimits(tx, orgId)).length === 0) return;
  await tx.$queryRawUnsafe(COUNT, orgId, agentId, tokens);
}

const COUNT = `
  UPDATE token_limits l SET used = ${USED} + $3::bigint, used_since = now()
  WHERE l.org_id = $1::uuid AND (l.agent_id IS NULL OR l.agent_id = $2::uuid)`;

/** SQL: what is left of a limit `l`, besides what is set aside for answers under way. */
export const LEFT = `
  l.max_tokens - (${USED}) - (SELECT coalesce(sum(r.tokens), 0) FROM token_reservations r WHERE r.limit_id = l.id)`;
