import { setTimeout as sleep } from 'node:timers/promises';
import type { TestClient } from '#test/support/client';

export interface SeenError {
  code: string;
  message: string;
  retryable: boolean;
}

export interface SeenExecution {
  id: string;
  attempt: number;
  state: string;
  error: SeenError | null;
  run: { id: string; state: string } | null;
  logs: { nodes: { level: string; text: string }[] };
}

export interface SeenJob {
  id: string;
  position: number;
  kind: string;
  state: string;
  attempt: number;
  input: Record<string, unknown>;
  output: unknown;
  recovered: string | null;
  error: SeenError | null;
  executions: { nodes: SeenExecution[] };
}

export interface SeenTask {
  id: string;
  kind: string;
  state: string;
  output: unknown;
  error: SeenError | null;
  cursor: string;
  jobs: { nodes: SeenJob[]; totalCount: number };
}

const EXECUTION =
  'id attempt state error { code message retryable } run { id state } logs(first: 3) { nodes { level text } }';
const TASK = `id kind state output cursor error { code message retryable } jobs(first: 12) { totalCount nodes {
  id position kind state attempt input output recovered error { code message retryable }
  executions(first: 6) { nodes { ${EXECUTION} } } } }`;

/** Asks for something to be done. */
export async function createTask(client: TestClient, input: Record<string, unknown>): Promise<SeenTask> {
  const { createTask: made } = await client.request<{ createTask: { task: SeenTask } }>(
    `mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { ${TASK} } } }`,
    { input },
  );
  return made.task;
}

export async function readTask(client: TestClient, id: string): Promise<SeenTask> {
  const { task } = await client.request<{ task: SeenTask }>(`query ($id: ID!) { task(id: $id) { ${TASK} } }`, { id });
  return task;
}

const ENDED = ['SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED'];

/** Resolves once a task is as is wanted. */
export async function taskWhen(
  client: TestClient,
  id: string,
  fits: (task: SeenTask) => boolean,
  withinMs = 30_000,
): Promise<SeenTask> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const task = await readTask(client, id);
    if (fits(task)) return task;
    if (Date.now() > deadline) throw new Error(`The task is not as expected: ${JSON.stringify(task, null, 2)}`);
    await sleep(100);
  }
}

/** Resolves once a task has ended. */
export const taskEnd = (client: TestClient, id: string, withinMs?: number): Promise<SeenTask> =>
  taskWhen(client, id, ({ state }) => ENDED.includes(state), withinMs);

/** Pauses that a test does not wait for. */
export const AT_ONCE = { kind: 'FIXED', delayMs: 20, jitter: 0 };
