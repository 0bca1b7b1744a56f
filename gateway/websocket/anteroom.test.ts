import { expect, it } from 'vitest';
import { Anteroom } from './anteroom.ts';

it('is full for one address and not for another, until somebody leaves, who leaves once', () => {
  const anteroom = new Anteroom<object>(2);
  const [a, b, c] = [{}, {}, {}];
  anteroom.enter(a, 'x');
  anteroom.enter(b, 'x');
  expect([anteroom.isFull('x'), anteroom.isFull('y')]).toEqual([true, false]);
  anteroom.leave(a);
  anteroom.leave(a);
  expect(anteroom.isFull('x')).toBe(false);
  anteroom.enter(c, 'x');
  expect(anteroom.isFull('x')).toBe(true);
});
