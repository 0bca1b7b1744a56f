import { expect, test } from 'vitest';
import { type RunStep, stepTree } from './step-tree.ts';

const step = (id: string, kind: RunStep['kind'], more: Partial<RunStep> = {}): RunStep => ({
  id,
  parentId: null,
  kind,
  name: kind.toLowerCase(),
  state: 'SUCCEEDED',
  attempt: 1,
  agent: { name: 'Ada' },
  input: null,
  output: null,
  decision: null,
  error: null,
  usage: null,
  ...more,
});

test('each step stands below the one that it is a part of, in the order in which they began', () => {
  const steps = [
    step('route', 'DECISION', { agent: { name: 'Desk' }, decision: { node: 'tax' } }),
    step('team', 'AGENT', { agent: { name: 'Tax' } }),
    step('other', 'AGENT', { agent: { name: 'Law' }, state: 'CANCELLED' }),
    step('model', 'MODEL', { parentId: 'team', usage: { totalTokens: 18 } }),
    step('tool', 'TOOL', { parentId: 'team', name: 'add', input: { a: 1 }, output: '2\\n\u001b[2J3' }),
  ];
  expect(stepTree(steps)).toEqual([
    '  ✓ Desk chooses tax',
    '  ✓ Tax',
    '    ✓ Ada asks its model, 18 tokens',
    '    ✓ Ada calls add {"a":1} → 2\\n3',
    '  – Law',
  ]);
});

test('what failed says why, what is under way has no result, and a part of nothing known stands at the top', () => {
  const steps = [
    step('a', 'TOOL', { parentId: 'gone', state: 'FAILED', attempt: 3, error: { message: 'No answer.' } }),
    step('b', 'TOOL', { state: 'WAITING', input: 'x'.repeat(100) }),
    step('c', 'DECISION', { state: 'RUNNING' }),
  ];
  expect(stepTree(steps)).toEqual([
    '  ✗ Ada calls tool null (3 times): No answer.',
    `  ? Ada calls tool ${'x'.repeat(47)}…`,
    '  … Ada chooses nobody',
  ]);
});
