import { z } from 'zod';
import type { Database } from '#core/database/database';
import type { Transactions } from '#core/database/transaction';
import { newId } from '#core/id';
import type { JobQueue } from '#core/job/job';
import type { Logger } from '#core/log';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import type { RecordRetention } from '#prisma/generated/client';
import type { RecordRetentionType, SetRecordRetentionInput } from './retention.type.ts';
import { trimRecordJob } from './trim-record.ts';

export interface RetentionOptions {
  database: Database;
  transactions: Transactions;
  jobs: JobQueue;
  log: Logger;
  /** What no organization may go below, in days. */
  minimumDays: number;
}

/** How often to look for what is kept no longer, in milliseconds. */
const EVERY_MS = 3_600_000;
const MOST_DAYS = 36_500;

/** For how long organizations keep their log of events and their audit trail. */
export class RecordRetentionService {
  constructor(private readonly options: RetentionOptions) {}

  async find(): Promise<RecordRetentionType> {
    return this.present(await this.options.database.scoped.recordRetention.findFirst());
  }

  /** Sets it, and has what is too old removed soon. */
  async set(viewer: Viewer, input: SetRecordRetentionInput): Promise<RecordRetentionType> {
    const { transactions, minimumDays } = this.options;
    const days = z.int().min(minimumDays, `It must be at least ${minimumDays}.`).max(MOST_DAYS).nullish();
    const schema = z.object({ eventsDays: days, auditDays: days });
    const { eventsDays = null, auditDays = null } = validate(schema, input);
    const { orgId, userId: updatedById } = viewer;
    const row = await transactions.scoped(async (unit) => {
      const before = await unit.tx.recordRetention.findFirst({ select: { eventsDays: true, auditDays: true } });
      const after = { eventsDays, auditDays };
      const data = { ...after, updatedById, updatedAt: new Date() };
      const saved = await unit.tx.recordRetention.upsert({ where: { orgId }, create: data, update: data });
      const payload = { before: before ?? { eventsDays: null, auditDays: null }, after };
      await unit.emit({ id: newId(), orgId, type: 'audit.retention_changed', payload });
      unit.afterCommit(() => this.enqueue(orgId));
      return saved;
    });
    return this.present(row);
  }

  /** Starts looking after all organizations; the function returned ends it. */
  startSweep(): () => Promise<void> {
    const { database, log } = this.options;
    const sweep = async () => {
      try {
        const { rows } = await database.systemPool.query<{ orgId: string }>(
          'SELECT org_id::text AS "orgId" FROM record_retentions WHERE num_nonnulls(events_days, audit_days) > 0',
        );
        for (const { orgId } of rows) this.enqueue(orgId);
      } catch (error) {
        log.warn({ err: error }, 'what is kept no longer of records could not be looked for; the next round will');
      }
    };
    let running = sweep();
    const timer = setInterval(() => {
      running = sweep();
    }, EVERY_MS);
    timer.unref();
    return async () => {
      clearInterval(timer);
      await running;
    };
  }

  private enqueue(orgId: string): void {
    const { jobs, log } = this.options;
    jobs.enqueue(trimRecordJob, { orgId }, { id: orgId }).catch((error: unknown) => {
      log.warn({ err: error, orgId }, 'retention was not put into the queue; the next round will do it');
    });
  }

  private present(row: RecordRetention | null): RecordRetentionType {
    const { minimumDays } = this.options;
    return { eventsDays: row?.eventsDays ?? null, auditDays: row?.auditDays ?? null, minimumDays };
  }
}
