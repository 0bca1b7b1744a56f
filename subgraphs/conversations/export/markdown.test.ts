import { describe, expect, it } from 'vitest';
import { escapeLine, quote } from './markdown.ts';

describe('text in Markdown', () => {
  it.each([
    ['plain words, nothing else.', 'plain words, nothing else.'],
    ['# not a title', '\\# not a title'],
    ['- no list', '\\- no list'],
    ['  + no list', '\u{a0}\u{a0}\\+ no list'],
    ['12. no list', '12\\. no list'],
    ['3) no list', '3\\) no list'],
    ['=== no title', '\\=== no title'],
    ['    no code', '\u{a0}\u{a0}\u{a0}\u{a0}no code'],
    ['\tno code', '\u{a0}\u{a0}\u{a0}\u{a0}no code'],
    ['`no code`', '\\`no code\\`'],
    ['<script>alert(1)</script>', '\\<script\\>alert(1)\\</script\\>'],
    ['&lt;', '\\&lt;'],
    ['![x](http://a.b)', '\\!\\[x\\](http:\\/\\/a.b)'],
    ['javascript://x www.a.b', 'javascript:\\/\\/x www\\.a.b'],
    ['**Olga** _says_ ~~so~~', '\\*\\*Olga\\*\\* \\_says\\_ \\~\\~so\\~\\~'],
    ['a \\ b\\', 'a \\\\ b\\\\'],
    ['| a | b |', '\\| a \\| b \\|'],
  ])('%j is written %j', (line, escaped) => {
    expect(escapeLine(line)).toBe(escaped);
  });

  it.each([
    ['', '>'],
    ['one', '> one'],
    ['one\ntwo', '> one\\\n> two'],
    ['one\n\ntwo', '> one\n>\n> two'],
    ['one\r\ntwo\rthree\u2028four', '> one\\\n> two\\\n> three\\\n> four'],
    ['ends in \\', '> ends in \\\\'],
    ['\n\n**Max** · 2026', '>\n>\n> \\*\\*Max\\*\\* · 2026'],
  ])('%j is quoted %j', (text, quoted) => {
    expect(quote(text)).toBe(quoted);
  });
});
