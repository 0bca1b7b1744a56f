import { conflict } from '#core/error';
import { newId } from '#core/id';
import type { JsonValue } from '#core/model/model.port';
import type { EventActor } from '#core/outbox/event';
import { toStorableJson } from '#core/storable-text';
import type { Job, Task } from '#prisma/generated/client';
import type { TaskPolicy } from '../attempt/task-policy.ts';
import type { TaskKinds } from '../kind/catalog.ts';
import { isComposite, type Unfolded } from '../kind/kind.ts';
import { JOB_COLUMNS, TASK_COLUMNS } from './row.ts';
import { jobChanged, type TaskUnit, taskChanged } from './task-writer.ts';

/** A task whose input and policy were checked. */
export interface WantedTask {
  orgId: string;
  createdById: string;
  kind: string;
  input: JsonValue;
  policy: TaskPolicy;
  queue: string;
  priority: number;
  dedupeKey: string | null;
  concurrencyKey: string | null;
  startAfter: Date | null;
  expiresAt: Date | null;
  schedule: { id: string; dueAt: Date } | null;
  /** It begins once those of its schedule that came before are over. */
  isHeld: boolean;
  /** What it is asked for by, where that may happen twice: of one key there is one task. */
  originKey: string | null;
}

export interface Accepted {
  task: Task;
  /** One of the same `dedupeKey`, or of the same time of a schedule, was there already. */
  deduplicated: boolean;
}

/**
 * Stores a task, its jobs, and the event that brings them to the queue. Once that is committed it is done whatever happens.
 * @throws ParleyError `CONFLICT` where its queue is being drained
 */
export async function acceptTask(
  unit: TaskUnit,
  wanted: WantedTask,
  kinds: TaskKinds,
  actor?: EventActor,
): Promise<Accepted> {
  const { tx } = unit;
  const [draining] = await tx.$queryRaw<object[]>`
    SELECT 1 FROM task_queues WHERE name = ${wanted.queue} AND draining_since IS NOT NULL FOR SHARE`;
  if (draining) throw conflict(`The queue ${wanted.queue} is being drained: it takes no new tasks.`);
  const task = await insertTask(unit, wanted);
  if (!task) return { task: await existing(unit, wanted), deduplicated: true };
  const kind = kinds.get(wanted.kind);
  const unfolded: Unfolded =
    kind && isComposite(kind)
      ? kind.unfold(wanted.input)
      : { jobs: [{ kind: wanted.kind, input: wanted.input }], maxParallel: 1, inOrder: false };
  const jobs = await insertJobs(unit, task, unfolded, wanted.startAfter);
  const ready = jobs.filter(({ state }) => state === 'QUEUED');
  unit.tell(taskChanged(task), ...jobs.slice(0, MAX_TOLD).map(jobChanged));
  await unit.emit({
    id: newId(),
    orgId: task.orgId,
    type: 'task.created',
    payload: {
      taskId: task.id,
      kind: task.kind,
      queue: task.queue,
      scheduleId: task.scheduleId,
      jobIds: ready.map(({ id }) => id),
      runAfter: (ready[0]?.runAfter ?? task.createdAt).toISOString(),
    },
    ...(actor && { actor }),
  });
  return { task, deduplicated: false };
}

/** Of a task of many jobs, how many are told of when it is made. */
const MAX_TOLD = 100;

async function insertTask({ tx }: TaskUnit, wanted: WantedTask): Promise<Task | undefined> {
  const [task] = await tx.$queryRawUnsafe<Task[]>(
    INSERT_TASK,
    newId(),
    wanted.orgId,
    wanted.kind,
    JSON.stringify(toStorableJson(wanted.input)),
    JSON.stringify(toStorableJson(wanted.policy)),
    wanted.queue,
    wanted.priority,
    wanted.dedupeKey,
    wanted.concurrencyKey,
    wanted.createdById,
    wanted.schedule?.id ?? null,
    wanted.schedule?.dueAt ?? null,
    wanted.expiresAt,
    wanted.isHeld,
    wanted.originKey,
  );
  return task;
}

/** Whoever comes second waits here for the first. */
const INSERT_TASK = `
  INSERT INTO tasks (id, org_id, kind, input, policy, queue, priority, dedupe_key, concurrency_key, created_by_id,
                     schedule_id, scheduled_for, expires_at, held, origin_key)
  VALUES ($1::uuid, $2::uuid, $3, $4::jsonb, $5::jsonb, $6, $7::int, $8, $9, $10::uuid, $11::uuid, $12::timestamptz,
          $13::timestamptz, $14::boolean, $15)
  ON CONFLICT DO NOTHING RETURNING ${TASK_COLUMNS}`;

async function existing({ tx }: TaskUnit, { dedupeKey, schedule, originKey }: WantedTask): Promise<Task> {
  const [task] = await tx.$queryRawUnsafe<Task[]>(
    `SELECT ${TASK_COLUMNS} FROM tasks
     WHERE dedupe_key = $1 AND state IN ('QUEUED', 'RUNNING') OR schedule_id = $2::uuid AND scheduled_for = $3::timestamptz
        OR origin_key = $4
     LIMIT 1`,
    dedupeKey,
    schedule?.id ?? null,
    schedule?.dueAt ?? null,
    originKey,
  );
  // It has ended between two statements.
  if (!task) throw conflict('A task of the same key has ended this moment. Try again.');
  return task;
}

const insertJobs = (
  { tx }: TaskUnit,
  task: Task,
  { jobs, maxParallel, inOrder }: Unfolded,
  startAfter: Date | null,
): Promise<Job[]> =>
  tx.$queryRawUnsafe<Job[]>(
    INSERT_JOBS,
    task.orgId,
    task.id,
    jobs.map(() => newId()),
    jobs.map((_, position) => position),
    jobs.map(({ kind }) => kind),
    jobs.map(({ input }) => JSON.stringify(toStorableJson(input))),
    task.held ? 0 : inOrder ? 1 : maxParallel,
    task.queue,
    task.priority,
    task.concurrencyKey,
    startAfter,
  );

const INSERT_JOBS = `
  INSERT INTO task_jobs (id, org_id, task_id, position, kind, input, state, queue, priority, concurrency_key, run_after, queued_at)
  SELECT j.id, $1::uuid, $2::uuid, j.position, j.kind, j.input::jsonb,
         (CASE WHEN j.position < $7::int THEN 'QUEUED' ELSE 'HELD' END)::"JobState", $8, $9::int, $10,
         coalesce($11::timestamptz, now()), CASE WHEN j.position < $7::int THEN now() END
  FROM unnest($3::uuid[], $4::int[], $5::text[], $6::text[]) AS j(id, position, kind, input)
  ORDER BY j.position RETURNING ${JOB_COLUMNS}`;
