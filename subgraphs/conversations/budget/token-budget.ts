import {
  type Budget,
  BudgetExhausted,
  type BudgetedCall,
  type CountedCall,
  type Reservation,
} from '#core/budget/budget.port';
import type { Database } from '#core/database/database';
import type { RawTransaction, Transactions, Unit } from '#core/database/transaction';
import { FencedError } from '#core/stream/event';
import { type Admission, admit, enoughFor, type LimitState } from './admission.ts';
import { lockLimits, readLimits, USED } from './limit-statement.ts';

/** Holds calls of models to the limits of tokens that an organization has set. */
export class TokenBudget implements Budget {
  constructor(
    private readonly database: Database,
    private readonly transactions: Transactions,
    /** Called when a limit has more room than before. */
    private readonly onFreed: () => void,
  ) {}

  async reserve(call: BudgetedCall): Promise<Reservation | null> {
    if (!(await this.isLimited(call))) return null;
    const verdict = await this.transactions.direct(async ({ tx }) => {
      await lockLimits(tx, call.orgId);
      // A worker that was taken over must not replace what its successor has reserved for the same step.
      if (!(await isClaimedBy(tx, call))) throw new FencedError(call.runId);
      const verdict = admit(await readLimits(tx, call), call);
      // What an earlier claim has reserved is nobody's. What this one has stays until there is something in its place.
      await tx.$executeRaw`
        DELETE FROM token_reservations
        WHERE step_id = ${call.stepId}::uuid AND (fence <> ${call.fence} OR ${verdict.kind === 'GRANT'})`;
      if (verdict.kind === 'PAUSE') await queue(tx, call, verdict.limit);
      else await tx.$executeRaw`DELETE FROM token_waits WHERE run_id = ${call.runId}::uuid`;
      if (verdict.kind === 'GRANT') await setAside(tx, call, verdict);
      return verdict;
    });
    if (verdict.kind !== 'GRANT') throw exhausted(verdict.limit, verdict.kind === 'PAUSE');
    return { stepId: call.stepId, fence: call.fence, tokens: verdict.tokens, model: verdict.model };
  }

  /** Under the claim on the run, which the transaction holds: nobody else has the step's reservation. */
  async settle(
    { stepId, fence }: Reservation,
    calls: readonly CountedCall[],
    { tx, afterCommit }: Unit<RawTransaction>,
  ): Promise<void> {
    const tokens = calls.reduce((sum, { usage }) => sum + (usage?.totalTokens ?? 0), 0);
    const [held] = await tx.$queryRaw<{ orgId: string }[]>`
      SELECT org_id::text AS "orgId" FROM token_reservations
      WHERE step_id = ${stepId}::uuid AND fence = ${fence} LIMIT 1`;
    if (!held) return;
    await lockLimits(tx, held.orgId);
    await tx.$queryRawUnsafe(SETTLE, stepId, fence, tokens);
    afterCommit(this.onFreed);
  }

  release(reservation: Reservation, unit: Unit<RawTransaction>): Promise<void> {
    return this.settle(reservation, [], unit);
  }

  /** Most organizations set no limit: they pay one look for it. */
  private async isLimited({ orgId, agentId }: BudgetedCall): Promise<boolean> {
    const { rowCount } = await this.database.scopedPool.query(
      'select 1 from token_limits where org_id = $1 and (agent_id is null or agent_id = $2) limit 1',
      [orgId, agentId],
    );
    return rowCount === 1;
  }
}

async function isClaimedBy(tx: RawTransaction, { runId, fence }: BudgetedCall): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM runs WHERE id = ${runId}::uuid AND fence = ${fence} AND state = 'RUNNING'`;
  return rows.length > 0;
}

const SETTLE = `
  WITH held AS (DELETE FROM token_reservations WHERE step_id = $1::uuid AND fence = $2::int RETURNING limit_id)
  UPDATE token_limits l SET used = ${USED} + $3::bigint, used_since = now()
  FROM held WHERE l.id = held.limit_id`;

async function setAside(
  tx: RawTransaction,
  { orgId, runId, fence, stepId }: BudgetedCall,
  { tokens, limitIds }: Extract<Admission, { kind: 'GRANT' }>,
): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO token_reservations (step_id, limit_id, org_id, run_id, fence, tokens)
    SELECT ${stepId}::uuid, id, ${orgId}::uuid, ${runId}::uuid, ${fence}, ${tokens}
    FROM unnest(${limitIds}::uuid[]) AS id`;
}

/** Whoever waits for the same limit again keeps his place. */
async function queue(tx: RawTransaction, call: BudgetedCall, limit: LimitState): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO token_waits (run_id, org_id, limit_id, at_least, at_most)
    VALUES (${call.runId}::uuid, ${call.orgId}::uuid, ${limit.id}::uuid, ${enoughFor(call)}, ${call.most})
    ON CONFLICT (run_id) DO UPDATE SET
      since = CASE WHEN token_waits.limit_id = excluded.limit_id THEN token_waits.since ELSE excluded.since END,
      limit_id = excluded.limit_id, at_least = excluded.at_least, at_most = excluded.at_most, woken_at = NULL`;
}

function exhausted({ max, used, reserved }: LimitState, waits: boolean): BudgetExhausted {
  const number = (tokens: number) => tokens.toLocaleString('en');
  const aside = reserved > 0 ? `, and ${number(reserved)} are set aside for answers under way` : '';
  const message = `The limit of ${number(max)} tokens has no room for this: ${number(used)} are used${aside}.`;
  return new BudgetExhausted(waits, message, reserved > 0);
}
