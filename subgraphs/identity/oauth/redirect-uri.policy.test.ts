import { describe, expect, it } from 'vitest';
import { allowedOrigins, isReturnTo, readRedirectUri } from './redirect-uri.policy.ts';

const origins = allowedOrigins({
  PORT: 4000,
  PUBLIC_URL: 'https://parley.example/base',
  ALLOWED_ORIGINS: ['https://app.example', 'https://slash.example/', 'nonsense'],
});

describe('where a log-in may end', () => {
  it.each([
    ['http://localhost:4000/', 'http://localhost:4000/'],
    ['http://localhost:4000', 'http://localhost:4000/'],
    ['http://127.0.0.1:4000/admin/callback', 'http://127.0.0.1:4000/admin/callback'],
    ['https://parley.example/admin/callback', 'https://parley.example/admin/callback'],
    ['https://app.example/@team/log-in', 'https://app.example/@team/log-in'],
    ['https://slash.example/log-in', 'https://slash.example/log-in'],
    ['HTTPS://App.Example:443/x/../log-in', 'https://app.example/log-in'],
    ['https://app.example/grüße', 'https://app.example/gr%C3%BC%C3%9Fe'],
    ['https:///app.example/log-in', 'https://app.example/log-in'],
    ['http://0x7f.1:4000/', 'http://127.0.0.1:4000/'],
  ])('%s: as %s', (text, uri) => {
    expect(readRedirectUri(text, origins)).toEqual({ uri });
    expect(readRedirectUri(uri, origins)).toEqual({ uri });
  });

  const ELSEWHERE = /on this server/;
  const JUNK = /whole address/;
  const SCHEME = /begin with https/;
  const USER = /name or the password/;
  const MORE = /neither a query nor a fragment/;
  it.each([
    ['http://localhost:4001/', ELSEWHERE],
    ['https://localhost:4000/', ELSEWHERE],
    ['http://parley.example/', ELSEWHERE],
    ['https://parley.example./', ELSEWHERE],
    ['https://parley.example.evil.example/', ELSEWHERE],
    ['https://parleу.example/', ELSEWHERE],
    ['https://parley.example@evil.example/', USER],
    ['https://user:secret@parley.example/', USER],
    ['https://:secret@parley.example/', USER],
    ['https://evil.example/?https://parley.example/', MORE],
    ['https://parley.example/?next=x', MORE],
    ['https://parley.example/?', MORE],
    ['https://parley.example/#', MORE],
    ['https://parley.example/#part', MORE],
    ['javascript:alert(1)', SCHEME],
    ['data:text/html,x', SCHEME],
    ['ftp://parley.example/', SCHEME],
    ['custom://parley.example/', SCHEME],
    ['https:parley.example/', SCHEME],
    ['blob:https://parley.example/x', SCHEME],
    ['/admin/callback', JUNK],
    ['//parley.example/', JUNK],
    ['https://', JUNK],
    ['https://parley.example:99999/', JUNK],
    ['https://parley.example\\@evil.example/', JUNK],
    ['https://parley.example\\log-in', JUNK],
    [' https://parley.example/', JUNK],
    ['https://parley.example/\n', JUNK],
    ['https://parley.exam\tple/', JUNK],
    ['https://parley.example/a b', JUNK],
    ['https://parley.example/\u202Ex', JUNK],
    ['https://parley.example/\0', JUNK],
    ['', JUNK],
    [`https://parley.example/${'x'.repeat(2_000)}`, /at most 2000/],
  ])('%j: not at all', (text, problem) => {
    expect(readRedirectUri(text, origins).problem).toMatch(problem);
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
