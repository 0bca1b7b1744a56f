import { expect, it } from 'vitest';
import { mayRestOn, stepsToRepeat } from './dependence.ts';

it.each([
  ['branch/0/model/0', 'branch/1', false],
  ['branch/0/model/0', 'branch/0', true],
  ['merge', 'branch/1', true],
  ['tool/0.1/model/0', 'tool/0.0', false],
  ['tool/1.0', 'tool/0.0', true],
  ['model/1', 'tool/0.0', true],
  ['step/1/model/0', 'step/0', true],
  ['step/0/branch/2/model/0', 'step/0/branch/1/model/0', false],
  ['loop/1/body', 'loop/0/judge', true],
])('%s, begun later, may rest on %s: %s', (key, failed, rests) => {
  expect(mayRestOn(key, failed)).toBe(rests);
});

it('repeats what failed, what it is a part of, and what came of it', () => {
  const at = (seconds: number) => new Date(seconds * 1_000);
  const step = (key: string, from: number, to: number, state = 'SUCCEEDED') => ({
    id: key,
    key,
    state: state as 'SUCCEEDED',
    startedAt: at(from),
    finishedAt: at(to),
  });
  const steps = [
    step('step/0', 0, 9),
    step('step/0/branch/0', 0, 1),
    step('step/0/branch/1', 0, 3, 'FAILED'),
    step('step/0/branch/2', 5, 8),
    step('step/0/merge', 8, 9),
    step('step/1', 10, 12),
  ];
  expect(stepsToRepeat(steps)).toEqual(['step/0', 'step/0/branch/1', 'step/0/merge', 'step/1']);
});
