import DataLoader from 'dataloader';
import { z } from 'zod';
import type { Database } from '#core/database/database';
import type { JobQueue } from '#core/job/job';
import type { Logger } from '#core/log';
import type { EventConsumer } from '#core/outbox/consumer';
import { erasePersonJob } from './job.ts';

export interface ErasureOptions {
  database: Database;
  jobs: JobQueue;
  log: Logger;
}

const payload = z.object({ userId: z.uuid() });

/** How often to look for work that was begun and not ended, in milliseconds. */
const EVERY_MS = 10_000;

/** Has what somebody wrote taken away once identity has erased him. */
export class ErasureService {
  /** Notes the work with the event, so that it is done whatever happens, and has it begun. */
  readonly consumer: EventConsumer = {
    name: 'conversations.erase-person',
    types: ['user.erased'],
    consume: async (event, unit) => {
      const { userId } = payload.parse(event.payload);
      const { orgId } = event;
      const again = { requestedAt: new Date(), finishedAt: null };
      await unit.tx.erasure.upsert({
        where: { orgId_userId: { orgId, userId } },
        create: { userId, orgId },
        update: again,
      });
      unit.afterCommit(() => this.enqueue(orgId, userId));
    },
  };

  constructor(private readonly options: ErasureOptions) {}

  /** When each of many messages lost its words, in one query; null for those that have them. */
  loader(): DataLoader<string, Date | null> {
    return new DataLoader(async (ids) => {
      const rows = await this.options.database.scoped.erasedMessage.findMany({
        where: { messageId: { in: [...ids] } },
      });
      const at = new Map(rows.map((row) => [row.messageId, row.erasedAt]));
      return ids.map((id) => at.get(id) ?? null);
    });
  }

  /** Starts looking for work that was not ended; the function returned ends it. */
  startSweep(): () => Promise<void> {
    let running: Promise<void> = Promise.resolve();
    const sweep = async () => {
      try {
        const { rows } = await this.options.database.systemPool.query<{ orgId: string; userId: string }>(
          'select org_id::text as "orgId", user_id::text as "userId" from erasures where finished_at is null',
        );
        for (const { orgId, userId } of rows) this.enqueue(orgId, userId);
      } catch (error) {
        this.options.log.warn({ err: error }, 'erasures could not be looked for; the next round will');
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

  private enqueue(orgId: string, userId: string): void {
    this.options.jobs
      .enqueue(erasePersonJob, { orgId, userId }, { id: `${orgId}-${userId}` })
      .catch((error: unknown) => {
        this.options.log.warn(
          { err: error, orgId },
          'an erasure was not put into the queue; the next round will do it',
        );
      });
  }
}
