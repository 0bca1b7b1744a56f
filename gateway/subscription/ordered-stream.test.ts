import { describe, expect, it } from 'vitest';
import { OrderedStream } from './ordered-stream.ts';
import { PushQueue } from './push-queue.ts';

const DONE = { value: undefined, done: true };

function start(work: (event: number, signal: AbortSignal) => Promise<number>, window = 3) {
  const seen = { released: 0, ended: 0 };
  const source = new PushQueue<number>(100, () => {
    seen.released += 1;
  });
  const stream = new OrderedStream<number, number>({
    source,
    work,
    window,
    describe: (error) => `described: ${(error as Error).message}`,
    onEnd: () => {
      seen.ended += 1;
    },
  });
  return { source, stream, seen };
}

describe('an ordered stream', () => {
  it('ends at the event whose work throws, after the ones before it', async () => {
    const { source, stream, seen } = start(async (event) => {
      if (event === 2) throw new Error('two');
      return event * 10;
    });
    for (const event of [1, 2, 3]) source.push(event);
    expect(await stream.next()).toEqual({ value: 10, done: false });
    await expect(stream.next()).rejects.toBe('described: two');
    expect(await stream.next()).toEqual(DONE);
    expect(seen).toEqual({ released: 1, ended: 1 });
  });

  it('gives what was taken before the source broke, then the error once', async () => {
    const { source, stream, seen } = start(async (event) => event);
    source.push(1);
    source.push(2);
    source.fail(new Error('gone'));
    const all = [stream.next(), stream.next(), stream.next(), stream.next()];
    await expect(all[2]).rejects.toBe('described: gone');
    expect([await all[0], await all[1], await all[3]]).toEqual([
      { value: 1, done: false },
      { value: 2, done: false },
      DONE,
    ]);
    expect(seen.ended).toBe(1);
  });

  it('keeps an error until somebody reads', async () => {
    const { stream, seen } = start(async (event) => event);
    stream.fail(new Error('reloaded'));
    stream.fail(new Error('again'));
    await expect(stream.next()).rejects.toBe('described: reloaded');
    expect(await stream.next()).toEqual(DONE);
    expect(seen).toEqual({ released: 1, ended: 1 });
  });

  it('forgets an error when its reader leaves first', async () => {
    const { stream } = start(async (event) => event);
    stream.fail(new Error('reloaded'));
    expect(await stream.return()).toEqual(DONE);
    expect(await stream.next()).toEqual(DONE);
  });

  it('aborts the work of a reader that leaves, and drops its outcome', async () => {
    const signals: AbortSignal[] = [];
    const { source, stream, seen } = start((_, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    source.push(1);
    const waiting = stream.next();
    await Promise.resolve();
    while (signals.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await stream.return();
    await stream.return();
    expect(signals[0]?.aborted).toBe(true);
    expect(await waiting).toEqual(DONE);
    expect(seen).toEqual({ released: 1, ended: 1 });
  });

  it('is not held up by a source that cannot be cancelled, nor by one that throws when it is', async () => {
    for (const left of [() => new Promise<never>(() => {}), () => Promise.reject(new Error('no')), thrower]) {
      const stream = new OrderedStream<number, number>({
        source: { next: () => new Promise(() => {}), return: left },
        work: async (event) => event,
        window: 1,
        describe: (error) => error,
      });
      const waiting = stream.next();
      expect(await stream.return()).toEqual(DONE);
      expect(await waiting).toEqual(DONE);
    }
  });
});

const thrower = (): never => {
  throw new Error('no');
};

describe('a push queue', () => {
  it('gives several waiting readers their values in turn, and ends the rest', async () => {
    const queue = new PushQueue<number>(1, () => {});
    const waiting = [queue.next(), queue.next(), queue.next()];
    queue.push(1);
    queue.push(2);
    queue.complete();
    queue.push(3);
    expect(await Promise.all(waiting)).toEqual([{ value: 1, done: false }, { value: 2, done: false }, DONE]);
  });

  it('drops what is queued when its reader leaves, and releases once', async () => {
    let released = 0;
    const queue = new PushQueue<number>(5, () => {
      released += 1;
    });
    queue.push(1);
    await queue.return();
    queue.fail(new Error('late'));
    expect(await queue.next()).toEqual(DONE);
    expect(released).toBe(1);
  });
});
