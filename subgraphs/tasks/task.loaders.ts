import DataLoader from 'dataloader';
import type { Database } from '#core/database/database';
import { perRequest, type RequestContext } from '#core/request-context';
import type { Job, Task, TaskExecution, TaskExecutionLog } from '#prisma/generated/client';
import { EXECUTION_COLUMNS, JOB_COLUMNS, LOG_COLUMNS } from './execution/row.ts';

/** A page of what one parent has: `size` rows behind `after`. */
export interface PageKey {
  parentId: string;
  after: string | null;
  size: number;
}

/** Reads of one request, gathered into one query a kind. Each is confined to the viewer's organization. */
export interface TaskLoaders {
  task: DataLoader<string, Task | null>;
  jobPage: DataLoader<PageKey, Job[]>;
  executionPage: DataLoader<PageKey, TaskExecution[]>;
  logPage: DataLoader<PageKey, TaskExecutionLog[]>;
  /** The newest `seq` of the stream of a task. */
  head: DataLoader<string, number>;
}

export type TaskLoadersOf = (context: RequestContext) => TaskLoaders;

export const createTaskLoaders = (database: Database): TaskLoadersOf =>
  perRequest(() => {
    const pages = <Row>(list: ListOf) =>
      new DataLoader((keys: readonly PageKey[]) => readPages<Row>(database, list, keys), { cache: false });
    return {
      task: new DataLoader(async (ids: readonly string[]) => {
        const rows = await database.scoped.task.findMany({ where: { id: { in: [...ids] } } });
        const byId = new Map(rows.map((row) => [row.id, row]));
        return ids.map((id) => byId.get(id) ?? null);
      }),
      jobPage: pages<Job>({
        table: 'task_jobs',
        columns: JOB_COLUMNS,
        parent: 'task_id',
        order: 'position',
        type: 'int',
      }),
      executionPage: pages<TaskExecution>({
        table: 'task_executions',
        columns: EXECUTION_COLUMNS,
        parent: 'job_id',
        order: 'id',
        type: 'uuid',
      }),
      logPage: pages<TaskExecutionLog>({
        table: 'task_execution_logs',
        columns: LOG_COLUMNS,
        parent: 'execution_id',
        order: 'id',
        type: 'uuid',
      }),
      head: new DataLoader(async (ids: readonly string[]) => {
        const rows = await database.scoped.streamHead.findMany({ where: { topic: { in: [...ids] } } });
        const byTopic = new Map(rows.map((row) => [row.topic, Number(row.lastSeq)]));
        return ids.map((id) => byTopic.get(id) ?? 0);
      }),
    };
  });

interface ListOf {
  table: string;
  columns: string;
  parent: string;
  /** The column that it is in order of, and its type. */
  order: string;
  type: string;
}

async function readPages<Row>(database: Database, list: ListOf, keys: readonly PageKey[]): Promise<Row[][]> {
  const { table, columns, parent, order, type } = list;
  const { rows } = await database.scopedPool.query<Row & { pageNumber: number }>(
    `SELECT k.n::int AS "pageNumber", page.*
     FROM unnest($1::uuid[], $2::text[], $3::int[]) WITH ORDINALITY AS k(parent, after, size, n)
     CROSS JOIN LATERAL (
       SELECT ${columns} FROM ${table}
       WHERE ${parent} = k.parent AND (k.after IS NULL OR ${order} > k.after::${type})
       ORDER BY ${order} LIMIT k.size) page`,
    [keys.map(({ parentId }) => parentId), keys.map(({ after }) => after), keys.map(({ size }) => size)],
  );
  const pages: Row[][] = keys.map(() => []);
  for (const { pageNumber, ...row } of rows) pages[pageNumber - 1]?.push(row as Row);
  return pages;
}
