import type { RawTransaction } from '#core/database/transaction';
import type { RecordStep } from '../log/event-recorder.ts';
import { type AuditKey, CHECKPOINT_EVERY, writeCheckpoint } from './checkpoint.ts';

/** What follows upon some entries, in the transaction that records them: checkpoints, erasures, the removal of a start. */
export function auditStep(key: AuditKey): RecordStep {
  return async ({ event: { orgId, type }, read, seq, hash }, { tx }) => {
    if (type === 'user.erased' && read.subjectId) await erasePersonal(tx, orgId, read.subjectId, seq);
    if (seq % CHECKPOINT_EVERY === 0) await writeCheckpoint(tx, await key.load(), { orgId, seq, hash });
    if (type === 'audit.trimmed') await trim(tx, read.data.upToSeq);
  };
}

/** How many entries go with the event that tells of it; the rest goes with the next rounds of retention. */
export const TRIMMED_AT_ONCE = 5_000;

async function trim(tx: RawTransaction, upToSeq: unknown): Promise<void> {
  if (typeof upToSeq !== 'number') return;
  await tx.$queryRaw`SELECT parley_trim_audit(${upToSeq}::bigint, ${TRIMMED_AT_ONCE}::int)`;
}

/** Empties what the trail knows of who somebody is, with what was noted under his addresses before he had an account. */
async function erasePersonal(tx: RawTransaction, orgId: string, userId: string, seq: number): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO audit_erasures (org_id, user_id, seq) VALUES (${orgId}::uuid, ${userId}::uuid, ${seq}::bigint)
    ON CONFLICT DO NOTHING`;
  await tx.$executeRaw`
    UPDATE audit_personal SET salt = NULL, fields = NULL
    WHERE user_id = ${userId}::uuid OR (user_id IS NULL AND fields ->> 'email' IN (
      SELECT fields ->> 'email' FROM audit_personal WHERE user_id = ${userId}::uuid))`;
}
