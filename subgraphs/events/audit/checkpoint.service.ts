import type { Database } from '#core/database/database';
import { runInOrg } from '#core/database/tenant';
import type { Transactions } from '#core/database/transaction';
import { conflict } from '#core/error';
import { newId } from '#core/id';
import type { Logger } from '#core/log';
import type { Viewer } from '#core/viewer';
import type { AuditCheckpointType } from './audit.type.ts';
import type { AuditLog } from './audit-log.ts';
import { type AuditKey, writeCheckpoint } from './checkpoint.ts';

export interface CheckpointOptions {
  database: Database;
  transactions: Transactions;
  log: Logger;
  key: AuditKey;
  trail: AuditLog;
}

/** How often heads are signed that have moved, in milliseconds. */
const EVERY_MS = 3_600_000;

/** Signs heads of audit trails: when somebody asks for it, and from time to time. */
export class CheckpointService {
  constructor(private readonly options: CheckpointOptions) {}

  /** Signs the newest entry. @throws ParleyError `CONFLICT` where there is none yet. */
  async sign(viewer: Viewer): Promise<AuditCheckpointType> {
    const { orgId } = viewer;
    const { trail, key, transactions } = this.options;
    const signing = await key.load();
    const seq = await transactions.scoped(async (unit) => {
      const head = await trail.head();
      if (!head) throw conflict('Nothing is in the audit trail yet.');
      await writeCheckpoint(unit.tx, signing, { orgId, ...head });
      await unit.emit({ id: newId(), orgId, type: 'audit.checkpointed', payload: { seq: head.seq } });
      return head.seq;
    });
    const checkpoint = await trail.checkpoint(orgId, seq);
    if (!checkpoint) throw new Error('A checkpoint that was just written is not there.');
    return checkpoint;
  }

  /** Starts signing the heads of all organizations; the function returned ends it. */
  startSweep(): () => Promise<void> {
    const { log } = this.options;
    const sweep = () =>
      this.signAll().catch((error: unknown) => {
        log.warn({ err: error }, 'heads of audit trails were not signed; the next round will do it');
      });
    let running: Promise<void> = sweep();
    const timer = setInterval(() => {
      running = sweep();
    }, EVERY_MS);
    timer.unref();
    return async () => {
      clearInterval(timer);
      await running;
    };
  }

  private async signAll(): Promise<void> {
    const { database, trail, key, transactions } = this.options;
    const signing = await key.load();
    const { rows } = await database.systemPool.query<{ orgId: string }>(MOVED);
    for (const { orgId } of rows) {
      await runInOrg(orgId, async () => {
        const head = await trail.head();
        if (head) await transactions.scoped((unit) => writeCheckpoint(unit.tx, signing, { orgId, ...head }));
      });
    }
  }
}

/** Organizations whose newest entry is not signed. */
const MOVED = `
  SELECT h.org_id::text AS "orgId" FROM stream_heads h
  WHERE h.topic = h.org_id AND NOT EXISTS (SELECT 1 FROM audit_checkpoints c WHERE c.org_id = h.org_id AND c.seq = h.last_seq)`;
