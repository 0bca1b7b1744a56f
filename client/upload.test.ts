import { homedir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { toPath } from './upload.ts';

test.each([
  ['/a/b c.png', '/a/b c.png'],
  ["'/a/it is.png' ", '/a/it is.png'],
  ['"/a/b.png"', '/a/b.png'],
  ['/a/b\\ c\\(1\\).png', '/a/b c(1).png'],
  ['~/b.png', path.join(homedir(), 'b.png')],
])('a path is understood as terminals write it: %s', (typed, place) => {
  expect(toPath(typed)).toBe(place);
});
