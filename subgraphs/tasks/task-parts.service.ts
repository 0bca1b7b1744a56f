import type { Database } from '#core/database/database';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId } from '#core/id';
import { can, type Viewer } from '#core/viewer';
import type { Job, Prisma, TaskExecution, TaskExecutionLog } from '#prisma/generated/client';
import type { DeadLetterFilter } from './task.input.ts';
import type { PageKey, TaskLoaders } from './task.loaders.ts';

/** These lists are read forward alone. */
type ForwardArgs = Pick<PageArgs, 'first' | 'after'>;

/** What tasks consist of. Whoever was shown a task may see all of it. */
export class TaskPartsService {
  constructor(private readonly database: Database) {}

  async jobs<Node>(
    taskId: string,
    args: ForwardArgs,
    { jobPage }: TaskLoaders,
    present: (row: Job) => Node,
  ): Promise<Page<Node>> {
    const request = readPage(args, {
      parse: ([kind, position]) => (kind === 'tj' && position && /^\d{1,6}$/.test(position) ? position : null),
    });
    return toPage(request, await jobPage.load(pageOf(taskId, request)), {
      cursorOf: (row) => encodeCursor('tj', row.position),
      present,
      totalCount: () => this.database.scoped.job.count({ where: { taskId } }),
    });
  }

  async executions<Node>(
    jobId: string,
    args: ForwardArgs,
    { executionPage }: TaskLoaders,
    present: (row: TaskExecution) => Node,
  ): Promise<Page<Node>> {
    const request = readPage(args, { parse: ([kind, id]) => (kind === 'te' && id && isId(id) ? id : null) });
    return toPage(request, await executionPage.load(pageOf(jobId, request)), {
      cursorOf: (row) => encodeCursor('te', row.id),
      present,
      totalCount: () => this.database.scoped.taskExecution.count({ where: { jobId } }),
    });
  }

  async logs(executionId: string, args: ForwardArgs, { logPage }: TaskLoaders): Promise<Page<TaskExecutionLog>> {
    const request = readPage(args, { parse: ([kind, id]) => (kind === 'tl' && id && isId(id) ? id : null) });
    return toPage(request, await logPage.load(pageOf(executionId, request)), {
      cursorOf: (row) => encodeCursor('tl', row.id),
      present: (row) => row,
      totalCount: () => this.database.scoped.taskExecutionLog.count({ where: { executionId } }),
    });
  }

  /** Jobs that are dead, of tasks that the viewer may read, the oldest first. */
  async deadLetters<Node>(
    viewer: Viewer,
    filter: DeadLetterFilter,
    args: PageArgs,
    present: (row: Job) => Node,
  ): Promise<Page<Node>> {
    const { job } = this.database.scoped;
    const where = deadLettersOf(viewer, filter);
    const request = readPage(args, { parse: ([kind, id]) => (kind === 'td' && id && isId(id) ? id : null) });
    const [order, side] = sidesOf(request.direction);
    const beyond = request.cursor === null ? {} : { id: { [side]: request.cursor } };
    const rows = await job.findMany({
      where: { AND: [where, beyond] },
      orderBy: { id: order },
      take: request.limit + 1,
    });
    return toPage(request, rows, {
      cursorOf: (row) => encodeCursor('td', row.id),
      present,
      totalCount: () => job.count({ where }),
    });
  }
}

const pageOf = (parentId: string, { cursor, limit }: { cursor: string | null; limit: number }): PageKey => ({
  parentId,
  after: cursor,
  size: limit + 1,
});

const sidesOf = (direction: 'forward' | 'backward') =>
  direction === 'forward' ? (['asc', 'gt'] as const) : (['desc', 'lt'] as const);

/** The dead letters that fit, as far as they concern the viewer. */
export function deadLettersOf(viewer: Viewer, filter: DeadLetterFilter): Prisma.JobWhereInput {
  const { taskIds, kinds, queue, codes, from, until } = filter;
  return {
    AND: [
      { state: 'DEAD' },
      can(viewer, 'tasks:manage') ? {} : { task: { createdById: viewer.userId } },
      taskIds ? { taskId: { in: taskIds.filter(isId) } } : {},
      kinds ? { kind: { in: kinds } } : {},
      queue != null ? { queue } : {},
      codes ? { OR: codes.map((code) => ({ error: { path: ['code'], equals: code } })) } : {},
      from ? { finishedAt: { gte: from } } : {},
      until ? { finishedAt: { lt: until } } : {},
    ],
  };
}
