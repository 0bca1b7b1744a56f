import type { Database } from '#core/database/database';
import type { Transactions } from '#core/database/transaction';
import { badInput, notFound } from '#core/error';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId, newId } from '#core/id';
import { toStorableJson } from '#core/storable-text';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import type { Prisma, TaskSchedule } from '#prisma/generated/client';
import { actorOf } from '../actor.ts';
import type { TaskUnit, TaskWriter } from '../execution/task-writer.ts';
import type { TaskService } from '../task.service.ts';
import { type CreateScheduleInput, createScheduleSchema } from './schedule.type.ts';
import { nextTime, nextTimes, type Timing } from './timing.ts';

/** Schedules that an organization has. */
const MAX_SCHEDULES = 1_000;

/** How a schedule says its times. */
export const timingOf = (row: TaskSchedule): Timing => ({
  ...row,
  everyMs: row.everyMs === null ? null : Number(row.everyMs),
});

/** Tasks that are made when their time comes. */
export class ScheduleService {
  constructor(
    private readonly database: Database,
    private readonly transactions: Transactions,
    private readonly writer: TaskWriter,
    private readonly tasks: TaskService,
  ) {}

  async list<Node>(args: PageArgs, present: (row: TaskSchedule) => Node): Promise<Page<Node>> {
    const { taskSchedule } = this.database.scoped;
    const request = readPage(args, { parse: ([kind, id]) => (kind === 'ts' && id && isId(id) ? id : null) });
    const [order, side] = request.direction === 'forward' ? (['asc', 'gt'] as const) : (['desc', 'lt'] as const);
    const rows = await taskSchedule.findMany({
      where: request.cursor === null ? {} : { id: { [side]: request.cursor } },
      orderBy: { id: order },
      take: request.limit + 1,
    });
    return toPage(request, rows, {
      cursorOf: (row) => encodeCursor('ts', row.id),
      present,
      totalCount: () => taskSchedule.count(),
    });
  }

  /** @throws ParleyError `NOT_FOUND` */
  async find(id: string): Promise<TaskSchedule> {
    const row = isId(id) ? await this.database.scoped.taskSchedule.findFirst({ where: { id } }) : null;
    if (!row) throw notFound('schedule');
    return row;
  }

  /** The next times at which a task comes of it; none where it is paused. */
  async nextRuns(id: string, count: number): Promise<Date[]> {
    if (count < 1 || count > 100) throw badInput('count', 'It must be between 1 and 100.');
    const row = await this.find(id);
    return row.state === 'ACTIVE' ? nextTimes(timingOf(row), new Date(), count) : [];
  }

  async create(viewer: Viewer, given: CreateScheduleInput): Promise<TaskSchedule> {
    const wanted = validate(createScheduleSchema, given);
    const { name, kind, policy, queue, priority, concurrencyKey, timeZone, missedRuns, overlap } = wanted;
    const input = await this.tasks.check(viewer, kind, wanted.input, policy);
    if ((await this.database.scoped.taskSchedule.count()) >= MAX_SCHEDULES) {
      throw badInput('input', `An organization has ${MAX_SCHEDULES.toLocaleString('en')} schedules at most.`);
    }
    const { cron = null, everyMs = null, at = null } = wanted;
    const now = new Date();
    const times: Timing = {
      timing: cron !== null ? 'CRON' : everyMs !== null ? 'INTERVAL' : 'ONCE',
      cron,
      timeZone,
      everyMs,
      startsAt: at ?? wanted.startsAt ?? now,
    };
    const nextRunAt = nextTime(times, now);
    if (!nextRunAt) throw badInput(at ? 'input.at' : 'input.cron', 'Its time never comes, or is over.');
    const id = newId();
    await this.transactions.scoped(async ({ tx, emit }) => {
      await tx.taskSchedule.create({
        data: {
          ...times,
          id,
          name,
          kind,
          input: toStorableJson(input) as Prisma.InputJsonValue,
          policy: toStorableJson(policy) as unknown as Prisma.InputJsonValue,
          queue,
          priority,
          concurrencyKey,
          missedRuns,
          overlap,
          nextRunAt,
          createdById: viewer.userId,
        },
      });
      await emit(eventOf(viewer, id, 'created'));
    });
    return this.find(id);
  }

  /** Has no task come of it until it is resumed. */
  pause(viewer: Viewer, id: string): Promise<TaskSchedule> {
    return this.change(viewer, id, 'paused', async ({ tx }) => {
      await tx.$executeRaw`
        UPDATE task_schedules SET state = 'PAUSED', next_run_at = NULL, updated_at = now()
        WHERE id = ${id}::uuid AND state = 'ACTIVE'`;
    });
  }

  /** What its times were meanwhile is over: it goes on with the next one. */
  resume(viewer: Viewer, id: string): Promise<TaskSchedule> {
    return this.change(viewer, id, 'resumed', async ({ tx }, row) => {
      if (row.state !== 'PAUSED') return;
      const next = nextTime(timingOf(row), new Date());
      await tx.$executeRaw`
        UPDATE task_schedules SET state = ${next ? 'ACTIVE' : 'ENDED'}::"ScheduleState",
          next_run_at = ${next}::timestamptz, updated_at = now() WHERE id = ${id}::uuid`;
    });
  }

  async delete(viewer: Viewer, id: string): Promise<string> {
    await this.find(id);
    await this.writer.write(async ({ tx, emit }) => {
      const gone = await tx.$executeRaw`DELETE FROM task_schedules WHERE id = ${id}::uuid`;
      if (gone === 0) throw notFound('schedule');
      await emit(eventOf(viewer, id, 'deleted'));
    });
    return id;
  }

  private async change(
    viewer: Viewer,
    id: string,
    what: string,
    set: (unit: TaskUnit, row: TaskSchedule) => Promise<void>,
  ): Promise<TaskSchedule> {
    const row = await this.find(id);
    await this.writer.write(async (unit) => {
      await set(unit, row);
      await unit.emit(eventOf(viewer, id, what));
    });
    return this.find(id);
  }
}

const eventOf = (viewer: Viewer, id: string, what: string) => ({
  id: newId(),
  orgId: viewer.orgId,
  type: `schedule.${what}`,
  payload: { scheduleId: id },
  actor: actorOf(viewer),
});
