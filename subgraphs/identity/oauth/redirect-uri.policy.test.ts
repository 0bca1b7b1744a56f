import { describe, expect, it } from 'vitest';
import { allowedOrigins, isReturnTo, mayReturnTo } from './redirect-uri.policy.ts';

const origins = allowedOrigins({
  PORT: 4000,
  PUBLIC_URL: 'https://parley.example/base',
  ALLOWED_ORIGINS: ['https://app.example', 'https://slash.example/', 'nonsense'],
});

describe('where a log-in may end', () => {
  it.each([
    ['http://localhost:4000/', true],
    ['http://127.0.0.1:4000/admin/callback', true],
    ['https://parley.example/admin/callback', true],
    ['https://app.example/log-in', true],
    ['https://slash.example/log-in', true],
    ['http://localhost:4001/', false],
    ['https://localhost:4000/', false],
    ['http://parley.example/', false],
    ['https://parley.example.evil.example/', false],
    ['https://parley.example@evil.example/', false],
    ['https://user:secret@parley.example/', false],
    ['https://evil.example/?https://parley.example/', false],
    ['https://parley.example/?next=x', false],
    ['https://parley.example/?', false],
    ['https://parley.example/#', false],
    ['javascript:alert(1)', false],
    ['/admin/callback', false],
    ['', false],
  ])('%s: %s', (uri, allowed) => {
    expect(mayReturnTo(uri, origins)).toBe(allowed);
  });
});

describe('coming back', () => {
  const sent = 'https://parley.example/callback';
  it.each([
    ['https://parley.example/callback?code=1&state=2', true],
    ['https://parley.example/callback', true],
    ['https://parley.example/callback/?code=1', false],
    ['https://parley.example/other?code=1', false],
    ['https://evil.example/callback?code=1', false],
    ['https://user@parley.example/callback?code=1', false],
    ['nonsense', false],
  ])('%s: %s', (callbackUrl, expected) => {
    expect(isReturnTo(callbackUrl, sent)).toBe(expected);
  });
});
