import { expect, it } from 'vitest';
import { isId } from '#core/id';
import { requestIdOf } from './request-id.ts';

it.each(['a', 'trace-1', 'A.b:c_d-9', 'x'.repeat(100)])('%j is kept', (header) => {
  expect(requestIdOf(header)).toBe(header);
});

it.each([undefined, '', ' ', 'a b', 'a\nb', 'a"b', '<b>', 'ä', 'x'.repeat(101), ['a', 'b']])('%j is not', (header) => {
  expect(isId(requestIdOf(header))).toBe(true);
});
