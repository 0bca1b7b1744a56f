import { z } from 'zod';
import type { Database } from '#core/database/database';
import type { Transactions } from '#core/database/transaction';
import { newId } from '#core/id';
import { defineJob } from '#core/job/job';
import type { Logger } from '#core/log';
import { TRIMMED_AT_ONCE } from '../audit/audit-step.ts';
import { type AuditKey, writeCheckpoint } from '../audit/checkpoint.ts';
import type { AuditVerifier } from '../audit/verify-audit.ts';

/** Removes what an organization keeps no longer of its record. */
export const trimRecordJob = defineJob({
  name: 'events.trim-record',
  schema: z.object({ orgId: z.uuid() }),
  concurrency: 1,
});

const DELETED_AT_ONCE = 5_000;

export interface TrimOptions {
  database: Database;
  transactions: Transactions;
  verifier: AuditVerifier;
  key: AuditKey;
  log: Logger;
}

/** Batch by batch, from the start of each, so that it can be put down at any moment and taken up again. */
export async function trimRecord(orgId: string, options: TrimOptions, signal: AbortSignal): Promise<void> {
  const kept = await options.database.scoped.recordRetention.findFirst();
  if (kept?.auditDays) await trimAudit(orgId, kept.auditDays, options);
  if (kept?.eventsDays) await trimEvents(orgId, kept.eventsDays, options, signal);
  await removeBelowFloor(options, signal);
}

async function trimEvents(orgId: string, days: number, { database, transactions }: TrimOptions, signal: AbortSignal) {
  let events = 0;
  for (;;) {
    signal.throwIfAborted();
    const { rowCount } = await database.scopedPool.query(OLD_EVENTS, [days, DELETED_AT_ONCE]);
    events += rowCount ?? 0;
    if ((rowCount ?? 0) < DELETED_AT_ONCE) break;
  }
  if (events === 0) return;
  await transactions.scoped((unit) =>
    unit.emit({ id: newId(), orgId, type: 'event_log.trimmed', payload: { events } }),
  );
}

/**
 * Signs the last entry that is kept no longer, and tells of it: the entry that tells removes. What is not as it was written is
 * not removed, so that nobody can hide a change behind it.
 */
async function trimAudit(orgId: string, days: number, options: TrimOptions): Promise<void> {
  const { database, transactions, verifier, key, log } = options;
  const { rows } = await database.scopedPool.query<{ seq: number; hash: string }>(NEWEST_OLD, [days]);
  const [last] = rows;
  if (!last) return;
  for (let after: string | null = null; ; ) {
    const found = await verifier.verify(orgId, after, null);
    if (!found.isIntact) {
      log.error(
        { orgId, problems: found.problems.length },
        'an audit trail is not as it was written: nothing of it is removed',
      );
      return;
    }
    if (found.toSeq >= last.seq || found.next === null) break;
    after = found.next;
  }
  const signing = await key.load();
  await transactions.scoped(async (unit) => {
    await writeCheckpoint(unit.tx, signing, { orgId, ...last });
    await unit.emit({ id: newId(), orgId, type: 'audit.trimmed', payload: { upToSeq: last.seq } });
  });
}

/** What the entry that told of it has left, since it was too much at once. */
async function removeBelowFloor({ database }: TrimOptions, signal: AbortSignal): Promise<void> {
  const { rows } = await database.scopedPool.query<{ seq: string }>('SELECT seq::text FROM audit_floors');
  const [floor] = rows;
  if (!floor) return;
  for (;;) {
    signal.throwIfAborted();
    const removed = await database.scopedPool.query<{ gone: number }>('SELECT parley_trim_audit($1, $2) AS gone', [
      floor.seq,
      TRIMMED_AT_ONCE,
    ]);
    if ((removed.rows[0]?.gone ?? 0) < TRIMMED_AT_ONCE) return;
  }
}

const OLD_EVENTS = `
  DELETE FROM event_records WHERE seq IN (
    SELECT seq FROM event_records
    WHERE seq <= (SELECT max(seq) FROM event_records WHERE recorded_at < now() - make_interval(days => $1))
    ORDER BY seq LIMIT $2)`;

/** Not yet told of: an event about it may be on its way. */
const NEWEST_OLD = `
  SELECT a.seq::float8 AS seq, a.hash FROM audit_entries a
  WHERE a.recorded_at < now() - make_interval(days => $1)
    AND a.seq > coalesce((SELECT f.seq FROM audit_floors f), 0)
    AND NOT EXISTS (SELECT 1 FROM outbox_events o WHERE o.type = 'audit.trimmed' AND o.delivered_at IS NULL)
  ORDER BY a.seq DESC LIMIT 1`;
