/** What makes Markdown or HTML of text, wherever it stands. */
const ACTIVE = /[\\`*_{}[\]<>#|~&!$]/g;

/** One line of text so that it is shown as it was written, by whatever reads Markdown. Pure. */
export const escapeLine = (line: string): string =>
  line
    .replace(ACTIVE, '\\$&')
    .replace(/^(\s*)([-+=:])/, '$1\\$2')
    .replace(/^(\s*\d{1,9})([.)])/, '$1\\$2')
    // Four spaces would make code of it; the address of a site, a link.
    .replace(/^\s+/, (space) => '\u{a0}'.repeat(space.replaceAll('\t', '    ').length))
    .replaceAll('://', ':\\/\\/')
    .replace(/\b(www)\./gi, '$1\\.');

/** Text of any length as a quotation: nothing in it can look like the name of who speaks next. Pure. */
export const quote = (text: string): string =>
  text
    .split(/\r\n|[\n\r\v\f\u{85}\u{2028}\u{2029}]/u)
    .map((line) => (line.trim() === '' ? '>' : `> ${escapeLine(line)}\\`))
    .join('\n')
    // A break at the end of a paragraph would be shown as a backslash.
    .replace(/\\(?=\n>(?:\n|$)|$)/g, '');
