import type { Database } from '#core/database/database';
import { newId } from '#core/id';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import type { TaskQueue } from '#prisma/generated/client';
import { actorOf } from '../actor.ts';
import type { TaskUnit, TaskWriter } from '../execution/task-writer.ts';
import { DEFAULT_QUEUE } from '../task.input.ts';
import { type QueueInput, queueSchema, type UpdateQueueInput, updateQueueSchema } from './queue.type.ts';
import type { QueueSignals } from './queue-signal.ts';

/** A queue and how it lets jobs through. */
export type QueueRow = Omit<TaskQueue, 'orgId' | 'nextStartAt'>;

/** Queues that are shown at once. */
const MAX_QUEUES = 100;

/** Jobs that a change of a queue wakes; the sweep goes on from there. */
const WOKEN_AT_ONCE = 100;

/** The queues of organizations. One is there as soon as a task names it. */
export class QueueService {
  constructor(
    private readonly database: Database,
    private readonly writer: TaskWriter,
    private readonly signals: QueueSignals,
  ) {}

  /** Those that have settings or jobs, by name, the first 100. */
  async list(): Promise<QueueRow[]> {
    const { rows } = await this.database.scopedPool.query<QueueRow>(LIST, [DEFAULT_QUEUE, MAX_QUEUES]);
    return rows;
  }

  /** The one of the name, also where nothing was ever set. */
  async find(name: string): Promise<QueueRow> {
    const row = await this.database.scoped.taskQueue.findFirst({ where: { name } });
    return row ?? { name, pausedAt: null, drainingSince: null, maxConcurrent: null, maxPerMinute: null };
  }

  update(viewer: Viewer, given: UpdateQueueInput): Promise<QueueRow> {
    const { queue, maxConcurrent, maxPerMinute } = validate(updateQueueSchema, given);
    const set = ({ tx }: TaskUnit) => tx.$executeRaw`
      UPDATE task_queues SET
        max_concurrent = CASE WHEN ${maxConcurrent !== undefined} THEN ${maxConcurrent ?? null}::int ELSE max_concurrent END,
        max_per_minute = CASE WHEN ${maxPerMinute !== undefined} THEN ${maxPerMinute ?? null}::int ELSE max_per_minute END,
        next_start_at = NULL
      WHERE name = ${queue}`;
    return this.change(viewer, queue, 'task_queue.updated', set);
  }

  /** From now on nothing of it begins. */
  pause(viewer: Viewer, given: QueueInput): Promise<QueueRow> {
    const { queue } = validate(queueSchema, given);
    return this.change(
      viewer,
      queue,
      'task_queue.paused',
      ({ tx }) => tx.$executeRaw`UPDATE task_queues SET paused_at = coalesce(paused_at, now()) WHERE name = ${queue}`,
    );
  }

  /** It lets jobs through and takes tasks again. */
  resume(viewer: Viewer, given: QueueInput): Promise<QueueRow> {
    const { queue } = validate(queueSchema, given);
    return this.change(
      viewer,
      queue,
      'task_queue.resumed',
      ({ tx }) => tx.$executeRaw`UPDATE task_queues SET paused_at = NULL, draining_since = NULL WHERE name = ${queue}`,
    );
  }

  /** From now on it takes no new tasks; what is in it is done. */
  drain(viewer: Viewer, given: QueueInput): Promise<QueueRow> {
    const { queue } = validate(queueSchema, given);
    return this.change(
      viewer,
      queue,
      'task_queue.draining',
      ({ tx }) =>
        tx.$executeRaw`UPDATE task_queues SET draining_since = coalesce(draining_since, now()) WHERE name = ${queue}`,
    );
  }

  private async change(
    viewer: Viewer,
    queue: string,
    type: string,
    set: (unit: TaskUnit) => Promise<unknown>,
  ): Promise<QueueRow> {
    await this.writer.write(async (unit) => {
      await unit.tx.$executeRaw`
        INSERT INTO task_queues (org_id, name) VALUES (${viewer.orgId}::uuid, ${queue}) ON CONFLICT DO NOTHING`;
      await set(unit);
      await unit.emit({ id: newId(), orgId: viewer.orgId, type, payload: { queue }, actor: actorOf(viewer) });
      unit.wakeQueue({ orgId: viewer.orgId, queue }, { count: WOKEN_AT_ONCE });
      unit.afterCommit(() => this.signals.announce(viewer.orgId));
    });
    return this.find(queue);
  }
}

const LIST = `
  SELECT n.name, q.paused_at AS "pausedAt", q.draining_since AS "drainingSince", q.max_concurrent AS "maxConcurrent",
         q.max_per_minute AS "maxPerMinute"
  FROM (SELECT $1::text AS name UNION SELECT name FROM task_queues
        UNION SELECT DISTINCT queue FROM task_jobs WHERE state NOT IN ('SUCCEEDED', 'CANCELLED', 'SKIPPED')) n
  LEFT JOIN task_queues q ON q.name = n.name
  ORDER BY n.name LIMIT $2`;
