import { describe, expect, it } from 'vitest';
import { readPage, shortLink } from './page-text.ts';

const URL = 'https://a.example/docs/page?x=1';
const textOf = (html: string) => readPage({ html, url: URL }).text;

describe('a page', () => {
  it.each([
    ['<h1>Title</h1><p>One  two\nthree</p>', 'Title\n\nOne two three'],
    ['<p>a &amp; b &lt;c&gt;</p>', 'a & b <c>'],
    ['<p>x</p><script>evil()</script><style>p{}</style><nav>Home</nav><p>y</p>', 'x\n\ny'],
    ['<ul><li>a</li><li>b</li></ul>', ' * a\n * b'],
    ['<table><tr><th>n</th><th>sum</th></tr><tr><td>a</td><td>1</td></tr></table>', 'n | sum |\na | 1 |'],
    ['<table><tr><td colspan="1000000000" rowspan="1000000000">x</td></tr></table>', 'x |'],
    ['<img src="x.png" alt="A cat">text', 'text'],
    ['no markup', 'no markup'],
    ['', ''],
  ])('%j reads %j', (html, text) => {
    expect(textOf(html)).toBe(text);
  });

  it.each([
    ['<title>A &amp; B</title><body>x</body>', 'A & B'],
    ['<html><head>\n<title lang="en"> Spaced </title></head>', 'Spaced'],
    ['<body>x</body>', null],
    ['<title></title>', null],
    ['<title', null],
  ])('%j is called %j', (html, title) => {
    expect(readPage({ html, url: URL }).title).toBe(title);
  });

  it('names its links after their words', () => {
    expect(textOf('See <a href="/b">this</a>, <a href="https://b.example/c">that</a> and <a href="#d">here</a>.')).toBe(
      'See this [/b], that [https://b.example/c] and here.',
    );
  });
});

it.each([
  ['/b', '/b'],
  ['c?d=e#f', '/docs/c?d=e'],
  ['//b.example/c', 'https://b.example/c'],
  ['https://b.example/c#d', 'https://b.example/c'],
  ['#top', ''],
  ['page?x=1#top', ''],
  ['javascript:alert(1)', ''],
  ['data:text/html,x', ''],
  ['mailto:a@b.example', ''],
  ['https://user:secret@b.example/', ''],
  [`/${'x'.repeat(150)}`, ''],
  ['https://[', ''],
])('the link %j is told as %j', (href, link) => {
  expect(shortLink(href, URL)).toBe(link);
});
