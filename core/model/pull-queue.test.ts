import { describe, expect, it } from 'vitest';
import { PullQueue } from './pull-queue.ts';

describe('what is pushed to a reader that pulls', () => {
  it('comes in order, whoever is first', async () => {
    const queue = new PullQueue<number>();
    const early = [queue.next(), queue.next()];
    for (const item of [1, 2, 3]) queue.push(item);
    expect(await Promise.all([...early, queue.next()])).toEqual([1, 2, 3]);
  });

  it('is read to its end before the error that ended it, which stays', async () => {
    const queue = new PullQueue<number>();
    queue.push(1);
    queue.fail(new Error('first'));
    queue.fail(new Error('second'));
    queue.push(2);
    expect(await queue.next()).toBe(1);
    await expect(queue.next()).rejects.toThrow('first');
    await expect(queue.next()).rejects.toThrow('first');
  });

  it('ends whoever waits', async () => {
    const queue = new PullQueue<number>();
    const waiting = queue.next();
    queue.fail(new Error('over'));
    await expect(waiting).rejects.toThrow('over');
  });

  it('holds its source back while the reader is slower', async () => {
    const holds: boolean[] = [];
    const queue = new PullQueue<number>((held) => holds.push(held));
    for (let item = 0; item < 100; item++) queue.push(item);
    expect(holds).toEqual([true]);
    for (let item = 0; item < 67; item++) await queue.next();
    expect(holds).toEqual([true]);
    await queue.next();
    expect(holds).toEqual([true, false]);
  });
});
