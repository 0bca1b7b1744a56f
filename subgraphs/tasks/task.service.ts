import type { Database } from '#core/database/database';
import { badInput, badInputs, forbidden, notFound } from '#core/error';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId, newId } from '#core/id';
import type { JsonValue } from '#core/model/model.port';
import { validate } from '#core/validate';
import { can, requirePermission, type Viewer } from '#core/viewer';
import type { Prisma, Task } from '#prisma/generated/client';
import { actorOf } from './actor.ts';
import type { TaskPolicy } from './attempt/task-policy.ts';
import { type Accepted, acceptTask } from './execution/accept-task.ts';
import { stopTask } from './execution/end-task.ts';
import type { Leases } from './execution/leases.ts';
import { lockTask } from './execution/row.ts';
import type { TaskWriter } from './execution/task-writer.ts';
import type { TaskKinds } from './kind/catalog.ts';
import { InputCheck } from './kind/input-check.ts';
import { isComposite, type PlannedJob } from './kind/kind.ts';
import type { Principals } from './principals.ts';
import { type CreateTaskInput, createTaskSchema, type TaskFilter } from './task.input.ts';
import type { TaskLoaders } from './task.loaders.ts';
import { canChangeTask, canReadTask } from './task.policy.ts';

export interface TaskServiceOptions {
  database: Database;
  writer: TaskWriter;
  kinds: TaskKinds;
  /** Of this process: whose workers look at once whether something was cancelled. */
  leases: Leases;
  principals: Principals;
}

/** What is wanted, from when it is asked for to its end. */
export class TaskService {
  private readonly inputs: InputCheck;

  constructor(private readonly options: TaskServiceOptions) {
    this.inputs = new InputCheck(options.kinds);
  }

  /** Accepts a task: once it is answered it is stored. */
  async create(viewer: Viewer, given: CreateTaskInput, originKey: string | null = null): Promise<Accepted> {
    const { kind, startAfter = null, deadline = null, ...wanted } = validate(createTaskSchema, given);
    const input = await this.check(viewer, kind, wanted.input, wanted.policy);
    if (deadline && deadline.getTime() <= Date.now()) throw badInput('input.deadline', 'It is over already.');
    const { totalTimeoutMs } = wanted.policy;
    const ends = [deadline?.getTime(), totalTimeoutMs === null ? undefined : Date.now() + totalTimeoutMs];
    const expiresAt = Math.min(...ends.filter((each) => each !== undefined));
    return this.options.writer.write((unit) =>
      acceptTask(
        unit,
        {
          ...wanted,
          kind,
          input,
          orgId: viewer.orgId,
          createdById: viewer.userId,
          startAfter,
          expiresAt: Number.isFinite(expiresAt) ? new Date(expiresAt) : null,
          schedule: null,
          isHeld: false,
          originKey,
        },
        this.options.kinds,
        actorOf(viewer),
      ),
    );
  }

  /**
   * Accepts a task on behalf of somebody who is not asking himself, as far as he may create it now. Asked again with the same key,
   * there is one.
   */
  async startFor(viewer: Viewer, given: CreateTaskInput, originKey: string): Promise<Accepted> {
    const own = await this.options.principals.principalOf(viewer);
    requirePermission(own, 'tasks:write');
    return this.create(own, given, originKey);
  }

  /**
   * Checks what a kind is to do, and whether the viewer may do that himself.
   * @returns the input with its defaults filled in
   * @throws ParleyError `BAD_USER_INPUT` with the paths of what is wrong, `FORBIDDEN`
   */
  async check(viewer: Viewer, name: string, given: unknown, policy: TaskPolicy): Promise<JsonValue> {
    const kind = this.options.kinds.get(name);
    if (!kind) throw badInput('input.kind', 'There is no such kind of work: see taskKinds.');
    const input = validate(kind.input, given, 'input.input') as JsonValue;
    const jobs: PlannedJob[] = isComposite(kind) ? kind.unfold(input).jobs : [{ kind: name, input }];
    const pathOf = (position: number) => (isComposite(kind) ? `input.input.${kind.pathOf(position)}` : 'input.input');
    const problems = await this.inputs.problems(viewer, jobs, pathOf, isComposite(kind) && kind.inputOf !== undefined);
    if (policy.fallbackAgentId !== null) {
      const path = 'input.policy.fallbackAgentId';
      const fallback = { kind: 'RUN_AGENT', input: { agentId: policy.fallbackAgentId, text: '-' } };
      const found = jobs.every((job) => job.kind === 'RUN_AGENT')
        ? await this.inputs.problems(viewer, [fallback], () => path, false)
        : [{ message: 'It goes with runs of agents alone.' }];
      problems.push(...found.map(({ message }) => ({ path, message })));
    }
    if (problems.length > 0) throw badInputs(problems);
    return input;
  }

  /** The task, where the viewer may read it; null elsewhere. */
  async find(viewer: Viewer, id: string, { task, head }: TaskLoaders): Promise<Task | null> {
    if (!isId(id)) return null;
    // The cursor first: whatever is read after it, and changes meanwhile, is told of behind it.
    await head.load(id);
    const row = await task.load(id);
    return row && canReadTask(viewer, row) ? row : null;
  }

  /** Those that the viewer may read, the newest first. */
  async list<Node>(
    viewer: Viewer,
    filter: TaskFilter,
    args: PageArgs,
    present: (row: Task) => Node,
  ): Promise<Page<Node>> {
    const request = readPage(args, { parse: ([kind, id]) => (kind === 't' && id && isId(id) ? id : null) });
    const where = whereOf(viewer, filter);
    const [order, side] = request.direction === 'forward' ? (['desc', 'lt'] as const) : (['asc', 'gt'] as const);
    const { scoped } = this.options.database;
    const beyond = request.cursor === null ? [] : [{ id: { [side]: request.cursor } }];
    const rows = await scoped.task.findMany({
      where: { AND: [where, ...beyond] },
      orderBy: { id: order },
      take: request.limit + 1,
    });
    return toPage(request, rows, {
      cursorOf: (row) => encodeCursor('t', row.id),
      present,
      totalCount: () => scoped.task.count({ where }),
    });
  }

  /** Stops a task. One that has ended already stays as it is: whoever cancels late learns how it ended. */
  async cancel(viewer: Viewer, id: string, loaders: TaskLoaders): Promise<Task> {
    const found = await this.find(viewer, id, loaders);
    if (!found) throw notFound('task');
    if (!canChangeTask(viewer, found)) throw forbidden('This needs the permission tasks:write, or tasks:manage.');
    const { writer, kinds, leases } = this.options;
    return writer.write(async (unit) => {
      const task = await lockTask(unit.tx, id);
      if (!task) throw notFound('task');
      const stopped = await stopTask(unit, task, null, kinds);
      if (stopped === task) return task;
      await unit.emit({
        id: newId(),
        orgId: task.orgId,
        type: 'task.cancel_requested',
        payload: { taskId: task.id },
        actor: actorOf(viewer),
      });
      unit.afterCommit(() => void leases.renew());
      return (await lockTask(unit.tx, id)) ?? stopped;
    });
  }
}

function whereOf(viewer: Viewer, filter: TaskFilter): Prisma.TaskWhereInput {
  const { states, kinds, queue, scheduleId, createdById } = filter;
  return {
    AND: [
      can(viewer, 'tasks:manage') ? {} : { createdById: viewer.userId },
      states ? { state: { in: states } } : {},
      kinds ? { kind: { in: kinds } } : {},
      queue != null ? { queue } : {},
      scheduleId != null ? { scheduleId: asId('filter.scheduleId', scheduleId) } : {},
      createdById != null ? { createdById: asId('filter.createdById', createdById) } : {},
    ],
  };
}

function asId(path: string, id: string): string {
  if (!isId(id)) throw badInput(path, 'It is not an id.');
  return id;
}
