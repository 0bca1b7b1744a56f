import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.ts';
import { AllowList } from './allow-list.ts';
import { readOutboundUrl, toHostName } from './outbound-url.ts';

describe('a URL', () => {
  it.each([
    ['https://Example.com', 'https://example.com/'],
    ['  https://example.com/a?b#c ', 'https://example.com/a?b'],
    ['http://example.com:80/', 'http://example.com/'],
    ['http://bücher.example/', 'http://xn--bcher-kva.example/'],
    // Other notations of one address: what is judged is what they become.
    ['http://2130706433/', 'http://127.0.0.1/'],
    ['http://0x7f000001/', 'http://127.0.0.1/'],
    ['http://0177.0.0.1/', 'http://127.0.0.1/'],
    ['http://127.1/', 'http://127.0.0.1/'],
    ['http://１２７.０.０.１/', 'http://127.0.0.1/'],
    ['http://127。0。0。1/', 'http://127.0.0.1/'],
    ['http://127.0.0.1./', 'http://127.0.0.1/'],
    ['http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]/'],
    ['http://example.com\\@127.0.0.1/', 'http://example.com/@127.0.0.1/'],
    ['http:example.com', 'http://example.com/'],
    ['http://exa\tmple.com/', 'http://example.com/'],
  ])('%j is %s', (text, href) => {
    expect(readOutboundUrl(text).href).toBe(href);
  });

  it.each([
    ['', /complete URL/],
    ['example.com', /complete URL/],
    ['//example.com', /complete URL/],
    ['http://', /complete URL/],
    ['http://256.256.256.256/', /complete URL/],
    ['http://[fe80::1%25eth0]/', /complete URL/],
    ['http://exa mple.com/', /complete URL/],
    ['ftp://example.com/', /begin with/],
    ['file:///etc/passwd', /begin with/],
    ['javascript:alert(1)', /begin with/],
    ['data:text/plain,hi', /begin with/],
    ['gopher://127.0.0.1:6379/_FLUSHALL', /begin with/],
    ['http://user@example.com/', /password/],
    ['http://user:secret@example.com/', /password/],
    ['http://example.com@127.0.0.1/', /password/],
    [`https://example.com/${'x'.repeat(8_192)}`, /longer than/],
  ])('%j is refused', (text, message) => {
    expect(() => readOutboundUrl(text)).toThrow(expect.objectContaining({ code: 'OUTBOUND_REFUSED' }));
    expect(() => readOutboundUrl(text)).toThrow(message);
  });

  it('may be relative to another', () => {
    const base = new URL('https://example.com/a/b');
    expect(readOutboundUrl('../c', base).href).toBe('https://example.com/c');
    expect(readOutboundUrl('//other.example/c', base).href).toBe('https://other.example/c');
    expect(() => readOutboundUrl('file:///etc/passwd', base)).toThrow(/begin with/);
  });
});

describe('what an operator allows', () => {
  const listOf = (...entries: string[]) => {
    const list = new AllowList();
    expect(entries.map((entry) => list.add(entry))).not.toContain(false);
    return list;
  };

  it.each<[string, string, boolean]>([
    ['ollama.internal', 'ollama.internal', true],
    ['Ollama.internal.', 'ollama.internal', true],
    ['ollama.internal', 'ollama.internal.evil.example', false],
    ['ollama.internal', 'my-ollama.internal', false],
    ['*.corp.example', 'a.corp.example', true],
    ['*.corp.example', 'a.b.corp.example', true],
    ['*.corp.example', 'corp.example', false],
    ['*.corp.example', 'evilcorp.example', false],
    ['bücher.example', 'xn--bcher-kva.example', true],
    ['127.0.0.1', 'localhost', false],
  ])('by name: %s has %s: %s', (entry, name, allowed) => {
    expect(listOf(entry).allowsHost(name)).toBe(allowed);
  });

  it.each<[string, string, boolean]>([
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['127.0.0.1', '::ffff:127.0.0.1', true],
    ['10.1.0.0/16', '10.1.255.255', true],
    ['10.1.0.0/16', '10.2.0.0', false],
    ['::1', '::1', true],
    ['::1', '127.0.0.1', false],
    ['fd00::/8', 'fd12::1', true],
    ['0.0.0.0/0', '::1', false],
    ['localhost', '127.0.0.1', false],
  ])('by address: %s has %s: %s', (entry, text, allowed) => {
    const address = parseAddress(text);
    expect(address && listOf(entry).allowsAddress(address)).toBe(allowed);
  });

  it.each([
    '10.0.0.0/33',
    '10.0.0',
    'http://a.example',
    'a.example:80',
    'a.*.example',
    '*',
    '*.',
    'a b',
    'a/b',
    '[::1]',
  ])('is not %j', (entry) => {
    expect(new AllowList().add(entry)).toBe(false);
  });
});

it.each([
  ['Example.COM.', 'example.com'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['', null],
  ['.', null],
  ['a@b', null],
])('the name %j is compared as %j', (text, name) => {
  expect(toHostName(text)).toBe(name);
});
