import type { Database } from '#core/database/database';
import type { Transactions } from '#core/database/transaction';
import { newId } from '#core/id';
import type { JobQueue } from '#core/job/job';
import type { Logger } from '#core/log';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import type { RetentionPolicy } from '#prisma/generated/client';
import { actorOf } from '../conversation-outbox.ts';
import { applyRetentionJob } from './job.ts';
import { type RetentionPolicyType, type SetRetentionInput, setRetentionSchema } from './retention.type.ts';

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

/** For how long organizations keep what is written in their rooms. */
export class RetentionService {
  constructor(private readonly options: RetentionOptions) {}

  async find(): Promise<RetentionPolicyType> {
    return this.present(await this.options.database.scoped.retentionPolicy.findFirst());
  }

  /** Sets it, and has what is too old removed soon. */
  async set(viewer: Viewer, input: SetRetentionInput): Promise<RetentionPolicyType> {
    const { minimumDays, transactions } = this.options;
    const { messagesDays } = validate(setRetentionSchema(minimumDays), { messagesDays: input.messagesDays });
    const row = await transactions.scoped(async (unit) => {
      const before = await unit.tx.retentionPolicy.findFirst();
      const data = { messagesDays, updatedById: viewer.userId, updatedAt: new Date() };
      const where = { orgId: viewer.orgId };
      const saved = await unit.tx.retentionPolicy.upsert({ where, create: data, update: data });
      await unit.emit({
        id: newId(),
        orgId: viewer.orgId,
        type: 'retention.changed',
        payload: { from: before?.messagesDays ?? null, to: messagesDays },
        actor: actorOf(viewer),
      });
      return saved;
    });
    if (messagesDays !== null) this.enqueue(viewer.orgId);
    return this.present(row);
  }

  /** Starts looking after all organizations; the function returned ends it. */
  startSweep(): () => Promise<void> {
    let running: Promise<void> = Promise.resolve();
    const sweep = async () => {
      try {
        const { rows } = await this.options.database.systemPool.query<{ orgId: string }>(
          'select org_id::text as "orgId" from retention_policies where messages_days is not null',
        );
        for (const { orgId } of rows) this.enqueue(orgId);
      } catch (error) {
        this.options.log.warn({ err: error }, 'what is kept no longer could not be looked for; the next round will');
      }
    };
    const timer = setInterval(() => {
      running = sweep();
    }, EVERY_MS);
    timer.unref();
    running = sweep();
    return async () => {
      clearInterval(timer);
      await running;
    };
  }

  private enqueue(orgId: string): void {
    this.options.jobs.enqueue(applyRetentionJob, { orgId }, { id: orgId }).catch((error: unknown) => {
      this.options.log.warn({ err: error, orgId }, 'retention was not put into the queue; the next round will do it');
    });
  }

  private present(row: RetentionPolicy | null): RetentionPolicyType {
    const { minimumDays } = this.options;
    return { messagesDays: row?.messagesDays ?? null, minimumDays, updatedAt: row?.updatedAt ?? null };
  }
}
