import { fileTypeFromBuffer } from 'file-type';
import { badInput } from '#core/error';

/** How much of a file is looked at to tell what it is, in bytes. */
const SNIFFED_BYTES = 4_100;

/** What is told by its first bytes. Thumbnails are made of all pictures but HEIC, whose decoder is not free to ship. */
const BINARY = new Set([
  'image/png',
  'image/jpeg',
  'image/webp',
  'image/gif',
  'image/heic',
  'image/heif',
  'application/pdf',
]);

const TEXT_BY_ENDING = new Map([
  ['md', 'text/markdown'],
  ['markdown', 'text/markdown'],
  ['csv', 'text/csv'],
  ['json', 'application/json'],
]);

const TEXT = new Set(['text/plain', ...TEXT_BY_ENDING.values()]);

/** Other names for the same. */
const ALIASES = new Map([
  ['image/jpg', 'image/jpeg'],
  ['image/pjpeg', 'image/jpeg'],
  ['image/x-png', 'image/png'],
  ['application/x-pdf', 'application/pdf'],
  ['text/x-markdown', 'text/markdown'],
  ['application/csv', 'text/csv'],
  ['text/json', 'application/json'],
]);

/** What says nothing. */
const UNKNOWN = new Set(['application/octet-stream', 'binary/octet-stream', 'application/x-binary']);

/** Text that a browser would run. */
const RUNS = /html|svg|xml/;

const TAKEN = 'PNG, JPEG, WebP, GIF and HEIC pictures, PDF, and text such as Markdown, CSV, JSON or code';

export const isText = (mimeType: string): boolean => TEXT.has(mimeType);

export const hasThumbnail = (mimeType: string): boolean => /^image\/(png|jpeg|webp|gif)$/.test(mimeType);

/**
 * What a file is: told by its first bytes. What the client calls it must not say otherwise; text, which has no such marks,
 * is what its name and the client say. SVG and HTML are refused where they are called so, and plain text where they are not.
 * @param head The beginning of the file, or all of it.
 * @throws ParleyError `BAD_USER_INPUT`
 */
export async function tellKind(head: Uint8Array, declared: string | null, fileName: string): Promise<string> {
  const given = declared === null || UNKNOWN.has(declared) ? null : (ALIASES.get(declared) ?? declared);
  if (isUtf16(head)) throw refused('It is text in UTF-16: save it as UTF-8.');
  const found = (await fileTypeFromBuffer(head.subarray(0, SNIFFED_BYTES)))?.mime ?? null;
  if (found !== null && !BINARY.has(found)) throw refused(`It is of the type ${found}. Parley takes ${TAKEN}.`);
  if (found !== null) {
    if (given !== null && given !== found && !isSameFamily(given, found)) {
      throw refused(`It is called ${given} and is ${found}: send it as what it is.`);
    }
    return found;
  }
  if (given !== null && (BINARY.has(given) || RUNS.test(given) || !canBeText(given))) {
    throw refused(
      BINARY.has(given)
        ? `It is called ${given} and is not: send it as what it is.`
        : `It is of the type ${given}. Parley takes ${TAKEN}.`,
    );
  }
  if (given !== null && given !== 'text/plain' && TEXT.has(given)) return given;
  return TEXT_BY_ENDING.get(fileName.split('.').at(-1)?.toLowerCase() ?? '') ?? 'text/plain';
}

const isUtf16 = ([first, second]: Uint8Array) =>
  (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);

/** HEIC and HEIF are one container, and devices use both names. */
const isSameFamily = (one: string, other: string) => /^image\/hei[cf]/.test(one) && /^image\/hei[cf]/.test(other);

/** Sources are called many things; which of them are text shows in their bytes. */
const canBeText = (mimeType: string) =>
  /^text\//.test(mimeType) ||
  /^application\/.*(json|yaml|toml|script|sql|sh|python|ruby|php|tex|subrip)/.test(mimeType);

const refused = (message: string) => badInput('file', message);
