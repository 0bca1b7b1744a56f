import { MIMEType } from 'node:util';
import type { OutboundResponse } from '#core/outbound/outbound';
import type { PageReader } from './page-reader.ts';

/** What a server answered, as a model can read it. */
export interface ReadableAnswer {
  /** Without parameters, such as `text/html`; empty where the server did not say. */
  type: string;
  title: string | null;
  /** Null where it is neither a page nor text. */
  text: string | null;
}

const HTML = new Set(['text/html', 'application/xhtml+xml']);
const TEXT =
  /^(text\/.+|application\/(.+\+)?(json|xml|yaml)|application\/(x-ndjson|jsonl|javascript|toml|x-yaml|x-www-form-urlencoded))$/;

/** Pages become text; JSON and other text stay as they are; of anything else there is no text. */
export async function readAnswer(
  { bytes, headers, url }: Pick<OutboundResponse, 'bytes' | 'headers' | 'url'>,
  pages: Pick<PageReader, 'read'>,
  signal: AbortSignal,
): Promise<ReadableAnswer> {
  const said = readType(headers['content-type']);
  const type = said?.essence ?? '';
  if (bytes.length === 0) return { type, title: null, text: '' };
  const kind = kindOf(type, bytes);
  if (kind === null) return { type, title: null, text: null };
  const text = decode(bytes, said?.params.get('charset') ?? (kind === 'html' ? declaredIn(bytes) : null));
  if (kind === 'text') return { type, title: null, text };
  return { type, ...(await pages.read({ html: text, url }, signal)) };
}

function readType(header = ''): MIMEType | null {
  try {
    return new MIMEType(header);
  } catch {
    return null;
  }
}

/** Where a server does not say what it sends, the bytes do. */
function kindOf(type: string, bytes: Buffer): 'html' | 'text' | null {
  if (HTML.has(type)) return 'html';
  if (type !== '') return TEXT.test(type) ? 'text' : null;
  if (bytes.includes(0)) return null;
  return /^\s*<(!doctype html|html|head|body)\b/i.test(bytes.toString('latin1', 0, 512)) ? 'html' : 'text';
}

const DECLARED = /<meta[^>]{0,200}charset\s{0,5}=\s{0,5}["']?([\w.:-]{1,40})/i;

/** A page says in its first kilobyte how it is written. */
const declaredIn = (bytes: Buffer): string | null => DECLARED.exec(bytes.toString('latin1', 0, 1_024))?.[1] ?? null;

function decode(bytes: Buffer, charset: string | null): string {
  const marked =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : null;
  try {
    return new TextDecoder(marked ?? charset ?? 'utf-8').decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
