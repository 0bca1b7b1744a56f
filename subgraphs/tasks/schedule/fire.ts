import type { Database } from '#core/database/database';
import { runInOrg } from '#core/database/tenant';
import { ParleyError } from '#core/error';
import { summarizeError } from '#core/job/error-summary';
import type { Logger } from '#core/log';
import type { JsonValue } from '#core/model/model.port';
import type { TaskSchedule } from '#prisma/generated/client';
import type { TaskPolicy } from '../attempt/task-policy.ts';
import { acceptTask } from '../execution/accept-task.ts';
import { stopTask } from '../execution/end-task.ts';
import { lockTask } from '../execution/row.ts';
import type { TaskUnit, TaskWriter } from '../execution/task-writer.ts';
import type { TaskKinds } from '../kind/catalog.ts';
import { timingOf } from './schedule.service.ts';
import { dueOf, nextTime } from './timing.ts';

/** How often it looks for times that have come, in milliseconds. */
const EVERY_MS = 500;
const AT_ONCE = 50;

/** Times of one schedule that are met in one transaction; where there are more, the rest follows. */
const MAX_TIMES = 50;

export interface ScheduleClockOptions {
  database: Database;
  writer: TaskWriter;
  kinds: TaskKinds;
  log: Logger;
}

const DUE = `
  SELECT id::text, org_id::text AS "orgId" FROM task_schedules
  WHERE state = 'ACTIVE' AND next_run_at <= clock_timestamp() ORDER BY next_run_at LIMIT ${AT_ONCE}`;

/** Makes tasks of schedules as their times come. Any number of processes share the work. The function returned ends it. */
export function startScheduleClock(options: ScheduleClockOptions): () => Promise<void> {
  const { database, log } = options;
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const look = async () => {
    if (busy) return;
    busy = true;
    try {
      const { rows } = await database.systemPool.query<{ id: string; orgId: string }>(DUE);
      for (const { id, orgId } of rows) await fire(id, orgId, options);
    } catch (error) {
      log.debug({ err: error }, 'schedules could not be looked after');
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => {
    running = look();
  }, EVERY_MS);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** One that fails is put off, with the reason, so that it keeps no other from its time. */
async function fire(id: string, orgId: string, options: ScheduleClockOptions): Promise<void> {
  const { database, writer, log } = options;
  try {
    await runInOrg(orgId, () => writer.write((unit) => meet(unit, id, options)));
  } catch (error) {
    log.warn({ err: error, scheduleId: id }, 'the time of a schedule could not be met');
    const reason = error instanceof ParleyError ? error.message : summarizeError(error);
    await database.systemPool.query(
      "UPDATE task_schedules SET last_error = $2, next_run_at = now() + interval '30 seconds' WHERE id = $1 AND state = 'ACTIVE'",
      [id, reason],
    );
  }
}

/** Whoever has the row meets its times, and moves it on in the same transaction: each time is met once. */
async function meet(unit: TaskUnit, id: string, { kinds }: ScheduleClockOptions): Promise<void> {
  const [row] = await unit.tx.$queryRawUnsafe<TaskSchedule[]>(TAKE, id);
  if (!row?.nextRunAt) return;
  const now = new Date();
  const timing = timingOf(row);
  const times: Date[] = [];
  let next: Date | null = row.nextRunAt;
  while (next && next.getTime() <= now.getTime() && times.length < MAX_TIMES) {
    times.push(next);
    next = nextTime(timing, next);
  }
  // Of what was missed for long, only the last counts, unless all do.
  if (row.missedRuns !== 'RUN_ALL' && next && next.getTime() <= now.getTime()) {
    next = nextTime(timing, new Date(now.getTime() - 1_000));
  }
  const due = dueOf(times, now, row.missedRuns);
  let { skipped } = due;
  for (const time of due.run) if (!(await make(unit, row, time, kinds))) skipped += 1;
  await unit.tx.$executeRaw`
    UPDATE task_schedules
    SET next_run_at = ${next}::timestamptz, state = ${next ? 'ACTIVE' : 'ENDED'}::"ScheduleState", last_error = NULL,
        last_run_at = CASE WHEN ${due.run.length > 0} THEN now() ELSE last_run_at END,
        skipped_count = skipped_count + ${skipped}::int
    WHERE id = ${id}::uuid`;
}

/** @returns false where the time passes, because a task before it is not over */
async function make(unit: TaskUnit, row: TaskSchedule, dueAt: Date, kinds: TaskKinds): Promise<boolean> {
  // Locked: one that ends in this moment either sees the one that is to wait for it, or is seen to have ended.
  const before = await unit.tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM tasks WHERE schedule_id = ${row.id}::uuid AND state IN ('QUEUED', 'RUNNING')
    ORDER BY id FOR UPDATE`;
  if (before.length > 0 && row.overlap === 'SKIP') return false;
  if (row.overlap === 'CANCEL_PREVIOUS') {
    for (const { id } of before) {
      const task = await lockTask(unit.tx, id);
      if (task) await stopTask(unit, task, null, kinds);
    }
  }
  const policy = row.policy as unknown as TaskPolicy;
  await acceptTask(
    unit,
    {
      orgId: row.orgId,
      createdById: row.createdById,
      kind: row.kind,
      input: row.input as JsonValue,
      policy,
      queue: row.queue,
      priority: row.priority,
      dedupeKey: null,
      concurrencyKey: row.concurrencyKey,
      startAfter: null,
      expiresAt: policy.totalTimeoutMs === null ? null : new Date(Date.now() + policy.totalTimeoutMs),
      schedule: { id: row.id, dueAt },
      originKey: null,
      isHeld: row.overlap === 'QUEUE' && before.length > 0,
    },
    kinds,
  );
  return true;
}

const TAKE = `
  SELECT id::text, org_id::text AS "orgId", name, kind, input, policy, queue, priority, concurrency_key AS "concurrencyKey",
         timing::text, cron, time_zone AS "timeZone", every_ms::text AS "everyMs", starts_at AS "startsAt",
         missed_runs::text AS "missedRuns", overlap::text, next_run_at AS "nextRunAt", created_by_id::text AS "createdById"
  FROM task_schedules
  WHERE id = $1::uuid AND state = 'ACTIVE' AND next_run_at <= clock_timestamp() FOR UPDATE SKIP LOCKED`;
