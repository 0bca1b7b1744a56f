import { excerpt } from './excerpt.ts';
import { printable } from './style.ts';

/** One thing that was done within a run. */
export interface RunStep {
  id: string;
  /** The step that it is a part of. */
  parentId: string | null;
  kind: 'MODEL' | 'TOOL' | 'AGENT' | 'DECISION';
  name: string;
  state: 'RUNNING' | 'WAITING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  attempt: number;
  agent: { name: string };
  input: unknown;
  output: unknown;
  decision: { node?: unknown } | null;
  error: { message: string } | null;
  usage: { totalTokens: number } | null;
}

const MARKS: Readonly<Record<RunStep['state'], string>> = {
  RUNNING: '…',
  WAITING: '?',
  SUCCEEDED: '✓',
  FAILED: '✗',
  CANCELLED: '–',
};

/** The steps of a run, each below the one that it is a part of, in the order in which they were begun. */
export function stepTree(steps: readonly RunStep[]): string[] {
  const known = new Set(steps.map(({ id }) => id));
  const isPartOf = ({ parentId }: RunStep, id: string | null) =>
    (parentId !== null && known.has(parentId) ? parentId : null) === id;
  const below = (id: string | null, depth: number): string[] =>
    steps
      .filter((step) => isPartOf(step, id))
      .flatMap((step) => [`${'  '.repeat(depth)}${lineOf(step)}`, ...below(step.id, depth + 1)]);
  return below(null, 1);
}

function lineOf(step: RunStep): string {
  const { state, attempt, error, usage } = step;
  const again = attempt > 1 ? ` (${attempt} times)` : '';
  const tokens = usage ? `, ${usage.totalTokens} tokens` : '';
  const why = error ? `: ${printable(error.message)}` : '';
  return `${MARKS[state]} ${whatOf(step)}${again}${tokens}${why}`;
}

function whatOf({ kind, name, state, agent, input, output, decision }: RunStep): string {
  const who = printable(agent.name);
  switch (kind) {
    case 'AGENT':
      return who;
    case 'MODEL':
      return `${who} asks its model`;
    case 'TOOL': {
      const came = state === 'SUCCEEDED' ? ` → ${brief(output)}` : '';
      return `${who} calls ${printable(name)} ${brief(input)}${came}`;
    }
    case 'DECISION':
      return `${who} chooses ${typeof decision?.node === 'string' ? printable(decision.node) : 'nobody'}`;
  }
}

const brief = (value: unknown): string =>
  excerpt(typeof value === 'string' ? value : JSON.stringify(value ?? null), 48);
