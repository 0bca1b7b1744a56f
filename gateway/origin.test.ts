import { expect, it } from 'vitest';
import { isOriginAllowed } from './origin.ts';

const HOST = 'parley.example:4000';
const FRIEND = 'https://friend.example';

it.each<[string | undefined, string | undefined, string[], boolean]>([
  [undefined, HOST, [], true],
  ['http://parley.example:4000', HOST, [], true],
  // Behind a proxy that ends TLS, the page's scheme is not the one that arrives here.
  ['https://parley.example:4000', HOST, [], true],
  ['http://parley.example', HOST, [], false],
  ['http://parley.example:4001', HOST, [], false],
  ['http://evil.example', HOST, [], false],
  ['http://parley.example:4000.evil.example', HOST, [], false],
  ['http://parley.example:4000@evil.example', HOST, [], false],
  ['ftp://parley.example:4000', HOST, [], false],
  ['file://', HOST, [], false],
  ['null', HOST, [], false],
  ['', HOST, [], false],
  ['', '', [], false],
  ['http://parley.example:4000', undefined, [], false],
  [FRIEND, HOST, [FRIEND], true],
  [`${FRIEND}.evil.example`, HOST, [FRIEND], false],
  ['http://friend.example', HOST, [FRIEND], false],
  ['null', HOST, [FRIEND], false],
  ['https://anybody.example', HOST, ['*'], true],
])('origin %j at host %j with %j allowed', (origin, host, allowed, expected) => {
  expect(isOriginAllowed(origin, host, allowed)).toBe(expected);
});
