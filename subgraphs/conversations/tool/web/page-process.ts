import { type HtmlPage, readPage } from './page-text.ts';

/** A process that makes text of a page. Whoever began it ends it. */
process.on('message', (page: HtmlPage) => void process.send?.(readPage(page)));
