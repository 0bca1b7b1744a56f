import { setImmediate as breathe } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { SharedWork } from './shared-work.ts';

/** Work that is finished, or fails, when told to. */
function held() {
  let resolve: (made: string) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<string>((made, failed) => {
    resolve = made;
    reject = failed;
  });
  const signals: AbortSignal[] = [];
  const work = (signal: AbortSignal) => {
    signals.push(signal);
    return promise;
  };
  return { work, signals, resolve, reject };
}

const never = () => new AbortController().signal;

it('is done once for all who ask at the same time, and anew for who asks later', async () => {
  const shared = new SharedWork<string>();
  const { work, signals, resolve } = held();
  const asked = [1, 2, 3].map(() => shared.do('a', never(), work));
  const other = shared.do('b', never(), work);
  resolve('made');
  expect(await Promise.all([...asked, other])).toEqual(['made', 'made', 'made', 'made']);
  expect(signals).toHaveLength(2);
  await shared.do('a', never(), work);
  expect(signals).toHaveLength(3);
});

it('goes on while somebody waits, and is stopped when nobody does', async () => {
  const shared = new SharedWork<string>();
  const { work, signals } = held();
  const [one, two] = [new AbortController(), new AbortController()];
  const [first, second] = [shared.do('a', one.signal, work), shared.do('a', two.signal, work)];
  one.abort(new Error('one has left'));
  await expect(first).rejects.toThrow('one has left');
  expect(signals[0]?.aborted).toBe(false);
  two.abort(new Error('so has the other'));
  await expect(second).rejects.toThrow('so has the other');
  expect(signals[0]?.aborted).toBe(true);
  // Who comes now is not given what was stopped.
  const { work: again, resolve } = held();
  resolve('made');
  expect(await shared.do('a', never(), again)).toBe('made');
});

it('fails for all who wait, and can be tried again', async () => {
  const shared = new SharedWork<string>();
  const { work, reject } = held();
  const asked = [shared.do('a', never(), work), shared.do('a', never(), work)];
  reject(new Error('refused'));
  for (const each of asked) await expect(each).rejects.toThrow('refused');
  await breathe();
  expect(await shared.do('a', never(), async () => 'made')).toBe('made');
});
