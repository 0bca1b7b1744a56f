import { expect, it } from 'vitest';
import { readSnippet } from './snippet.ts';

it.each([
  ['', []],
  ['nothing', [{ text: 'nothing', isMatch: false }]],
  ['\ue000all\ue001', [{ text: 'all', isMatch: true }]],
  [
    'a \ue000b\ue001 <c> \ue000d\ue001',
    [
      { text: 'a ', isMatch: false },
      { text: 'b', isMatch: true },
      { text: ' <c> ', isMatch: false },
      { text: 'd', isMatch: true },
    ],
  ],
])('the snippet %j', (marked, parts) => {
  expect(readSnippet(marked)).toEqual(parts);
});
