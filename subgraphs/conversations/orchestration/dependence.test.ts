import { expect, it } from 'vitest';
import type { Run } from '#prisma/generated/client';
import { type LoggedStep, mayRestOn, mustBeRequeued, stepsToRepeat } from './dependence.ts';

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

interface Line {
  key: string;
  from: number;
  to: number;
  state?: LoggedStep['state'];
  kind?: LoggedStep['kind'];
  effect?: LoggedStep['effect'];
  code?: string;
}

const stepOf = ({ key, from, to, state = 'SUCCEEDED', kind = 'AGENT', effect = null, code }: Line): LoggedStep => ({
  ...{ id: key, key, state, kind, effect, error: code ? { code } : null },
  startedAt: new Date(from * 1_000),
  finishedAt: new Date(to * 1_000),
});

const FAILED = { state: 'FAILED' as const };

it.each<[string, Run['state'], Line[], string[]]>([
  [
    'of a run that lost a part: the part, what it is a part of, and what came of it',
    'PARTIAL',
    [
      { key: 'step/0', from: 0, to: 9 },
      { key: 'step/0/branch/0', from: 0, to: 1 },
      { key: 'step/0/branch/1', from: 0, to: 3, ...FAILED },
      { key: 'step/0/branch/2', from: 5, to: 8 },
      { key: 'step/0/merge', from: 8, to: 9 },
      { key: 'step/1', from: 10, to: 12 },
    ],
    ['step/0', 'step/0/branch/1', 'step/0/merge', 'step/1'],
  ],
  [
    'of one that failed later: only what it failed by',
    'FAILED',
    [
      { key: 'step/0', from: 0, to: 9 },
      { key: 'step/0/branch/0', from: 0, to: 1 },
      { key: 'step/0/branch/1', from: 0, to: 3, ...FAILED },
      { key: 'step/1', from: 10, to: 12 },
      { key: 'step/2', from: 12, to: 13, ...FAILED },
    ],
    ['step/2'],
  ],
  [
    'no call that its model knows of already',
    'FAILED',
    [
      { key: 'model/0', kind: 'MODEL', from: 0, to: 1 },
      { key: 'tool/0.0', kind: 'TOOL', from: 1, to: 2, ...FAILED },
      { key: 'model/1', kind: 'MODEL', from: 2, to: 3 },
      { key: 'tool/1.0', kind: 'TOOL', effect: 'ONCE', from: 3, to: 4 },
      { key: 'model/2', kind: 'MODEL', from: 4, to: 5, ...FAILED },
    ],
    ['model/2'],
  ],
  [
    'a call that nothing came of, unless it may have done harm',
    'FAILED',
    [
      { key: 'model/0', kind: 'MODEL', from: 0, to: 1 },
      { key: 'tool/0.0', kind: 'TOOL', effect: 'NONE', from: 1, to: 2, ...FAILED },
      { key: 'tool/0.1', kind: 'TOOL', effect: 'ONCE', from: 1, to: 2, ...FAILED, code: 'TIMED_OUT' },
      { key: 'model/1', kind: 'MODEL', from: 2, to: 3, ...FAILED },
    ],
    ['tool/0.0', 'model/1'],
  ],
  [
    'no branch that got there at a later try',
    'PARTIAL',
    [
      { key: 'branch/0', from: 0, to: 1, ...FAILED },
      { key: 'branch/0/model/0', kind: 'MODEL', from: 0, to: 1, ...FAILED },
      { key: 'branch/0/retry1', from: 1, to: 2 },
      { key: 'branch/1', from: 0, to: 1, ...FAILED },
      { key: 'branch/1/retry1', from: 1, to: 2, ...FAILED },
    ],
    ['branch/1', 'branch/1/retry1'],
  ],
  [
    'no branch that others made superfluous',
    'PARTIAL',
    [
      { key: 'branch/0', from: 0, to: 2, state: 'CANCELLED' },
      { key: 'branch/0/tool/0.0', kind: 'TOOL', from: 1, to: 2, ...FAILED, code: 'TOOL_INTERRUPTED' },
      { key: 'branch/1', from: 0, to: 1, ...FAILED },
    ],
    ['branch/1'],
  ],
  [
    'an answer that did not have its form, and not what led to it',
    'FAILED',
    [
      { key: 'step/0', from: 0, to: 4, ...FAILED, code: 'OUTPUT_INVALID' },
      { key: 'step/0/model/0', kind: 'MODEL', from: 0, to: 1 },
      { key: 'step/0/tool/0.0', kind: 'TOOL', effect: 'ONCE', from: 1, to: 2 },
      { key: 'step/0/model/1', kind: 'MODEL', from: 2, to: 3 },
      { key: 'step/0/repair', kind: 'MODEL', from: 3, to: 4 },
    ],
    ['step/0', 'step/0/model/1', 'step/0/repair'],
  ],
])('repeats %s', (_what, state, lines, expected) => {
  expect([...stepsToRepeat(lines.map(stepOf), { state, error: null })]).toEqual(expected);
});

it('asks before what may do harm is done again', () => {
  const call = (state: LoggedStep['state'], effect: LoggedStep['effect'], code?: string) =>
    mustBeRequeued(stepOf({ key: 'tool/0.0', kind: 'TOOL', from: 0, to: 1, state, effect, ...(code && { code }) }));
  expect(call('SUCCEEDED', 'ONCE')).toBe(true);
  expect(call('FAILED', 'ONCE', 'TIMED_OUT')).toBe(true);
  expect(call('FAILED', 'ONCE', 'TOOL_INTERRUPTED')).toBe(true);
  expect(call('FAILED', 'ONCE', 'REFUSED')).toBe(false);
  expect(call('CANCELLED', 'ONCE')).toBe(false);
  expect(call('SUCCEEDED', 'IDEMPOTENT')).toBe(false);
});
