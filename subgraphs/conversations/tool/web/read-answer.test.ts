import { afterAll, expect, it } from 'vitest';
import { PageReader } from './page-reader.ts';
import { readAnswer } from './read-answer.ts';

const reader = new PageReader();
afterAll(() => reader.close());

const { signal } = new AbortController();
const read = (bytes: Buffer, type?: string) =>
  readAnswer(
    { bytes, headers: type === undefined ? {} : { 'content-type': type }, url: 'https://a.example/' },
    reader,
    signal,
  );

it.each<[string, Buffer, string | undefined, string | null]>([
  ['JSON as it is', Buffer.from('{"id": 9007199254740993}'), 'application/json', '{"id": 9007199254740993}'],
  ['JSON of a kind', Buffer.from('{}'), 'application/problem+json; charset=utf-8', '{}'],
  ['text', Buffer.from('Grüße'), 'text/plain', 'Grüße'],
  ['text in another charset', Buffer.from('Gr\xfc\xdfe', 'latin1'), 'text/plain; charset="ISO-8859-1"', 'Grüße'],
  ['text in a charset that there is not', Buffer.from('a'), 'text/plain; charset=klingon', 'a'],
  ['text with a mark before it', Buffer.from('\ufeffGrüße', 'utf16le'), 'text/plain', 'Grüße'],
  ['text that is broken', Buffer.from([0x61, 0xff]), 'text/csv', 'a\ufffd'],
  ['XML', Buffer.from('<a/>'), 'application/rss+xml', '<a/>'],
  ['what is of no type and text', Buffer.from('a'), undefined, 'a'],
  ['what is of no type and a page', Buffer.from(' <!DOCTYPE html><p>a</p>'), undefined, 'a'],
  ['what is of no type and neither', Buffer.from([0, 1, 2]), undefined, null],
  ['what is of a type that cannot be read', Buffer.from('a'), 'junk', 'a'],
  ['a page', Buffer.from('<p>a</p>'), 'text/html;charset=UTF-8', 'a'],
  ['a page that says its charset', Buffer.from('<meta charset=latin1><p>\xfc</p>', 'latin1'), 'text/html', 'ü'],
  ['a picture', Buffer.from('a'), 'image/png', null],
  ['an archive', Buffer.from('a'), 'application/zip', null],
  ['nothing', Buffer.alloc(0), 'image/png', ''],
])('%s', async (_, bytes, type, text) => {
  expect((await read(bytes, type)).text).toBe(text);
});

it('a page that is written so that reading it never ends holds nobody up', async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  const hostile = read(Buffer.from('<b>'.repeat(300_000)), 'text/html');
  const broken = await hostile.catch((error: unknown) => error);
  clearInterval(timer);
  expect(broken).toMatchObject({ name: 'ToolError', code: 'UNREADABLE_PAGE' });
  expect(ticks).toBeGreaterThan(20);
  expect((await read(Buffer.from('<p>next</p>'), 'text/html')).text).toBe('next');
});
