import type { JsonValue } from '#core/model/model.port';
import type { WorkError } from '../attempt/next-step.ts';
import type { Unfolded } from '../kind/kind.ts';

/** What of a job says how its task goes on. */
export interface JobFacts {
  position: number;
  state: string;
  output: JsonValue;
  error: WorkError | null;
}

export interface TaskFacts {
  /** Null for a task of one job. */
  shape: Pick<Unfolded, 'maxParallel' | 'inOrder'> | null;
  /** In their order. */
  jobs: readonly JobFacts[];
  cancelled: boolean;
  /** Why it had to end, where nobody cancelled it. */
  expired: WorkError | null;
}

export interface TaskEnd {
  state: 'SUCCEEDED' | 'PARTIAL' | 'FAILED' | 'CANCELLED';
  output: JsonValue;
  error: WorkError | null;
}

/** What follows from where the jobs of a task stand: by their positions, those whose turn it is and those never reached. */
export interface Advance {
  release: number[];
  skip: number[];
  /** Null as long as something is left to do. */
  end: TaskEnd | null;
}

const UNDER_WAY = ['QUEUED', 'RUNNING', 'AWAITING'];
const LOST = ['DEAD', 'CANCELLED'];

/** Says how a task goes on. Pure. */
export function advance({ shape, jobs, cancelled, expired }: TaskFacts): Advance {
  const held = jobs.filter(({ state }) => state === 'HELD').map(({ position }) => position);
  const underWay = jobs.filter(({ state }) => UNDER_WAY.includes(state)).length;
  const isOver = cancelled || (shape?.inOrder === true && jobs.some(({ state }) => LOST.includes(state)));
  if (isOver) return { release: [], skip: held, end: underWay > 0 ? null : endOf({ shape, jobs, cancelled, expired }) };
  const release = held.slice(0, Math.max(0, (shape?.maxParallel ?? 1) - underWay));
  const isDone = underWay + release.length === 0;
  return { release, skip: [], end: isDone ? endOf({ shape, jobs, cancelled, expired }) : null };
}

function endOf({ shape, jobs, cancelled, expired }: TaskFacts): TaskEnd {
  const done = jobs.filter(({ state }) => state === 'SUCCEEDED');
  const outputs = jobs.map(({ state, output }) => (state === 'SUCCEEDED' ? output : null));
  const output = shape && !shape.inOrder ? outputs : (outputs.at(-1) ?? null);
  const error = jobs.find(({ state, error }) => state === 'DEAD' && error)?.error ?? null;
  if (done.length === jobs.length) return { state: 'SUCCEEDED', output, error: null };
  if (cancelled) return { state: expired ? 'FAILED' : 'CANCELLED', output, error: expired };
  if (done.length > 0 && shape && !shape.inOrder) {
    const missing = jobs.length - done.length;
    const message = `${missing} of ${jobs.length} could not be done. ${error?.message ?? ''}`.trim();
    return { state: 'PARTIAL', output, error: { code: 'PARTIAL', message, retryable: error?.retryable ?? false } };
  }
  return { state: 'FAILED', output, error };
}
