import { expect, it } from 'vitest';
import { readHeaders } from './request-header.ts';

it.each([
  ['Accept', 'application/json'],
  ['If-Match', '"abc"'],
  ['X-Api-Version', '2'],
])('the header %s is sent', (name, value) => {
  expect(readHeaders({ [name]: value })).toEqual({ [name.toLowerCase()]: value });
});

it.each([
  ['Authorization', 'Bearer x'],
  ['Cookie', 'a=b'],
  ['Proxy-Authorization', 'x'],
  ['Host', 'other.example'],
  ['Content-Length', '1'],
  ['Transfer-Encoding', 'chunked'],
  ['Idempotency-Key', 'x'],
  ['X-Forwarded-For', '127.0.0.1'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Original-URL', '/admin'],
  ['x-a: b\r\nhost', 'c'],
  ['', 'x'],
  ['accept', 'a\r\nhost: b'],
  ['accept', 'ü'],
])('the header %j with %j is refused', (name, value) => {
  expect(() => readHeaders({ [name]: value })).toThrow(expect.objectContaining({ code: 'BAD_HEADER' }));
});
