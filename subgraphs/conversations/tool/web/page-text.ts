import { compile, type FormatCallback, type HtmlToTextOptions } from 'html-to-text';

export interface HtmlPage {
  html: string;
  /** Where it was: what its links are relative to. */
  url: string;
}

export interface PageText {
  title: string | null;
  text: string;
}

/** Links that are longer say nothing to a model, and cost as much as a paragraph. */
const MAX_LINK_CHARACTERS = 150;

/**
 * Where a link leads, in short: a path on the page's own server, else the whole URL. Empty for what cannot be fetched, what is
 * on the page itself, and what is long.
 */
export function shortLink(href: string, base: string): string {
  if (href.startsWith('#') || !URL.canParse(href, base)) return '';
  const [url, page] = [new URL(href, base), new URL(base)];
  if ((url.protocol !== 'http:' && url.protocol !== 'https:') || url.username || url.password) return '';
  const short =
    url.origin === page.origin ? `${url.pathname}${url.search}` : `${url.origin}${url.pathname}${url.search}`;
  return short.length > MAX_LINK_CHARACTERS || short === `${page.pathname}${page.search}` ? '' : short;
}

/** The library's own tables draw boxes, and believe what a page says of the width of its cells. */
const cell: FormatCallback = (element, walk, builder) => {
  walk(element.children, builder);
  builder.addInline(' | ');
};

const block = (lineBreaks: number) => ({ leadingLineBreaks: lineBreaks, trailingLineBreaks: lineBreaks });

const OPTIONS: HtmlToTextOptions = {
  wordwrap: false,
  limits: { maxDepth: 100, ellipsis: '…' },
  formatters: { cell },
  selectors: [
    {
      selector: 'a',
      options: {
        hideLinkHrefIfSameAsText: true,
        pathRewrite: (href: string, base: unknown) => shortLink(href, String(base)),
      },
    },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
    { selector: 'table', format: 'block', options: block(2) },
    { selector: 'tr', format: 'block', options: block(1) },
    ...['td', 'th'].map((selector) => ({ selector, format: 'cell' })),
    ...['title', 'img', 'script', 'style', 'noscript', 'template', 'svg', 'iframe', 'nav'].map((selector) => ({
      selector,
      format: 'skip',
    })),
  ],
};

/** The types of the library leave out what formatters are handed beside the page. */
const toText = compile(OPTIONS) as (html: string, base: string) => string;

const TITLE = /<title[^>]{0,200}>([^<]{0,500})<\/title/i;

/** The head of a page is at its beginning. */
const HEAD_CHARACTERS = 65_536;

/** Makes readable text of a page. Nobody can say how long a hostile page takes: see `PageReader`. Pure. */
export function readPage({ html, url }: HtmlPage): PageText {
  const title = TITLE.exec(html.slice(0, HEAD_CHARACTERS))?.[1];
  return { title: (title && toText(title, url).trim()) || null, text: toText(html, url) };
}
