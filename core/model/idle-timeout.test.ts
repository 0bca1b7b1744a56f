import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type GuardedRun, guardStream } from './idle-timeout.ts';

const caller = () => new AbortController();

/** Never answers, and ends only when its signal says so. */
function silent(seen: { run?: GuardedRun; returned?: boolean }) {
  return (run: GuardedRun): AsyncIterable<number> => {
    seen.run = run;
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: async () => {
          seen.returned = true;
          return { done: true, value: undefined };
        },
      }),
    };
  };
}

it('passes on what comes, and ends', async () => {
  const numbers: number[] = [];
  const source = async function* () {
    yield 1;
    yield 2;
  };
  for await (const number of guardStream(source, { signal: caller().signal, idleTimeoutMs: 10_000 })) {
    numbers.push(number);
  }
  expect(numbers).toEqual([1, 2]);
});

it('opens nothing before it is asked, and nothing at all once aborted', async () => {
  const seen: { run?: GuardedRun } = {};
  const guarded = guardStream(silent(seen), { signal: AbortSignal.abort() });
  expect(seen.run).toBeUndefined();
  await expect(guarded.next()).rejects.toMatchObject({ code: 'MODEL_CANCELLED' });
  expect(seen.run).toBeUndefined();
  await expect(guarded.next()).resolves.toMatchObject({ done: true });
});

it.each([
  ['idle', { idleTimeoutMs: 20 }],
  ['total', { totalTimeoutMs: 20 }],
])('stops a silent source by its %s time-out, and releases it', async (_, options) => {
  const seen: { run?: GuardedRun; returned?: boolean } = {};
  const guarded = guardStream(silent(seen), { signal: caller().signal, ...options });
  await expect(guarded.next()).rejects.toMatchObject({ code: 'MODEL_TIMEOUT', retryable: true });
  expect(seen.run?.signal.aborted).toBe(true);
  expect(seen.returned).toBe(true);
});

it('lets the caller leave a silent source at once', async () => {
  const seen: { run?: GuardedRun } = {};
  const guarded = guardStream(silent(seen), { signal: caller().signal });
  const waiting = guarded.next();
  await expect(guarded.return?.()).resolves.toMatchObject({ done: true });
  await expect(waiting).resolves.toMatchObject({ done: true });
  expect(seen.run?.signal.aborted).toBe(true);
});

it('counts progress without chunks as life', async () => {
  const source = async function* (run: GuardedRun) {
    for (let beat = 0; beat < 8; beat += 1) {
      await sleep(50);
      run.progress();
    }
    yield 'done';
  };
  const guarded = guardStream(source, { signal: caller().signal, idleTimeoutMs: 300 });
  await expect(guarded.next()).resolves.toEqual({ done: false, value: 'done' });
});

it('does not hold a slow consumer against the source', async () => {
  const source = async function* () {
    yield 1;
    yield 2;
  };
  const guarded = guardStream(source, { signal: caller().signal, idleTimeoutMs: 50 });
  await guarded.next();
  await sleep(150);
  await expect(guarded.next()).resolves.toEqual({ done: false, value: 2 });
});

it('reports an abort that came between two steps', async () => {
  const controller = caller();
  const seen: { run?: GuardedRun } = {};
  const source = async function* (run: GuardedRun) {
    seen.run = run;
    yield 1;
    yield 2;
  };
  const guarded = guardStream(source, { signal: controller.signal });
  await guarded.next();
  controller.abort();
  expect(seen.run?.signal.aborted).toBe(true);
  await expect(guarded.next()).rejects.toMatchObject({ code: 'MODEL_CANCELLED' });
  await expect(guarded.next()).resolves.toMatchObject({ done: true });
});

it("passes a source's own error on and closes what it left open", async () => {
  const seen: { run?: GuardedRun } = {};
  const source = (run: GuardedRun): AsyncIterable<number> => {
    seen.run = run;
    return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new RangeError('broken')) }) };
  };
  const guarded = guardStream(source, { signal: caller().signal });
  await expect(guarded.next()).rejects.toThrow(RangeError);
  expect(seen.run?.signal.aborted).toBe(true);
});
