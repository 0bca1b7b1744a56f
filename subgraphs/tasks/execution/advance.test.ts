import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Advance, advance, type JobFacts, type TaskFacts } from './advance.ts';

const LETTERS: Record<string, string> = {
  h: 'HELD',
  q: 'QUEUED',
  r: 'RUNNING',
  a: 'AWAITING',
  s: 'SUCCEEDED',
  d: 'DEAD',
  c: 'CANCELLED',
  x: 'SKIPPED',
};
const ERROR = { code: 'HTTP_500', message: 'Oh.', retryable: true };
const jobsOf = (letters: string): JobFacts[] =>
  [...letters].map((letter, position) => ({
    position,
    state: LETTERS[letter] ?? '',
    output: letter === 's' ? position : null,
    error: letter === 'd' ? ERROR : null,
  }));
const CHAIN = { maxParallel: 1, inOrder: true };
const BATCH = { maxParallel: 2, inOrder: false };
const look = (shape: TaskFacts['shape'], letters: string, more: Partial<TaskFacts> = {}): Advance =>
  advance({ shape, jobs: jobsOf(letters), cancelled: false, expired: null, ...more });
const going = (release: number[], skip: number[] = []): Advance => ({ release, skip, end: null });
const ended = (state: string, output: unknown, error: unknown = null, skip: number[] = []) => ({
  release: [],
  skip,
  end: { state, output, error },
});

describe('how a task goes on', () => {
  it.each([
    ['one job under way', look(null, 'r'), going([])],
    ['one job done', look(null, 's'), ended('SUCCEEDED', 0)],
    ['one job dead', look(null, 'd'), ended('FAILED', null, ERROR)],
    ['a chain in the middle of a step', look(CHAIN, 'srh'), going([])],
    ['a chain between two steps', look(CHAIN, 'ssh'), going([2])],
    ['a chain at its end', look(CHAIN, 'sss'), ended('SUCCEEDED', 2)],
    ['a chain that is broken', look(CHAIN, 'sdh'), ended('FAILED', null, ERROR, [2])],
    ['a batch with room for one', look(BATCH, 'srhh'), going([2])],
    ['a batch with room for two', look(BATCH, 'sdhhh'), going([2, 3])],
    ['a batch that is full', look(BATCH, 'qahh'), going([])],
    ['a batch of which all succeeded', look(BATCH, 'sss'), ended('SUCCEEDED', [0, 1, 2])],
    [
      'a batch of which some failed',
      look(BATCH, 'sds'),
      ended('PARTIAL', [0, null, 2], { code: 'PARTIAL', message: '1 of 3 could not be done. Oh.', retryable: true }),
    ],
    ['a batch of which all failed', look(BATCH, 'dd'), ended('FAILED', [null, null], ERROR)],
    ['one that is cancelled and still works', look(BATCH, 'srch', { cancelled: true }), going([], [3])],
    [
      'one that was cancelled',
      look(BATCH, 'scch', { cancelled: true }),
      ended('CANCELLED', [0, null, null, null], null, [3]),
    ],
    ['one whose time was over', look(null, 'c', { cancelled: true, expired: ERROR }), ended('FAILED', null, ERROR)],
    ['one that was done before it could be stopped', look(null, 's', { cancelled: true }), ended('SUCCEEDED', 0)],
  ] as [string, Advance, unknown][])('%s', (_name, step, expected) => {
    expect(step).toEqual(expected);
  });

  it('comes to an end however its jobs end, each of them begun once, and never more at once than allowed', () => {
    const outcome = fc.constantFrom('SUCCEEDED', 'DEAD');
    fc.assert(
      fc.property(
        fc.array(outcome, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (outcomes, maxParallel, inOrder) => {
          const shape = { maxParallel: inOrder ? 1 : maxParallel, inOrder };
          const jobs = jobsOf('h'.repeat(outcomes.length));
          const begun: number[] = [];
          for (let turns = 0; turns <= outcomes.length; turns++) {
            const { release, skip, end } = advance({ shape, jobs, cancelled: false, expired: null });
            for (const position of release) Object.assign(jobs[position] as JobFacts, { state: 'RUNNING' });
            for (const position of skip) Object.assign(jobs[position] as JobFacts, { state: 'SKIPPED' });
            begun.push(...release);
            const running = jobs.filter(({ state }) => state === 'RUNNING');
            expect(running.length).toBeLessThanOrEqual(shape.maxParallel);
            if (end) {
              expect(running).toEqual([]);
              expect(new Set(begun).size).toBe(begun.length);
              expect(end.state === 'SUCCEEDED').toBe(outcomes.every((each) => each === 'SUCCEEDED'));
              return;
            }
            const [next] = running;
            if (next) next.state = outcomes[next.position] ?? '';
          }
          throw new Error('It did not come to an end.');
        },
      ),
    );
  });
});
