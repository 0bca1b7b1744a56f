import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { scrub, scrubText } from './scrub.ts';

const KEY = 'very/secret+key=1234';

it.each([
  [`key ${KEY}!`, 'key [removed]!'],
  [`?key=${encodeURIComponent(KEY)}`, '?key=[removed]'],
  ['Incorrect API key provided: sk-proj-********abcd.', 'Incorrect API key provided: [removed]'],
  ['authorization: Bearer abcdefghijkl', 'authorization: [removed]'],
  ['a task-force of risk-takers', 'a task-force of risk-takers'],
])('%s -> %s', (text, clean) => {
  expect(scrubText(text, [KEY])).toBe(clean);
});

it('cleans an error with its causes, and leaves its baggage behind', () => {
  const inner = Object.assign(new TypeError(`no ${KEY}`), { code: 'ECONNRESET' });
  const outer = Object.assign(new Error(`got ${KEY}`, { cause: inner }), {
    status: 401,
    headers: { authorization: KEY },
    request: { body: 'the prompt' },
  });
  const clean = scrub(outer, [KEY]);
  expect(clean).toMatchObject({ message: 'got [removed]', status: 401 });
  expect(clean.cause).toMatchObject({ name: 'TypeError', message: 'no [removed]', code: 'ECONNRESET' });
  expect(inspect(clean, { depth: 10, showHidden: true })).not.toMatch(/secret|prompt/);
});

it('takes what is no error as text', () => {
  expect(scrub(`odd ${KEY}`, [KEY]).message).toBe('odd [removed]');
});
