import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { ApiError, toApiError, Unreachable, type WireError } from './graphql-http.ts';
import type { Attachment } from './operation.ts';

/** A slow line takes a while for a large file; in milliseconds. */
const TIMEOUT = 600_000;

/** A file that was read to be sent. */
export interface LocalFile {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Reads a file whose path was typed, or pulled into the terminal. @throws Error with a sentence for the user. */
export async function readLocalFile(typed: string): Promise<LocalFile> {
  const place = toPath(typed);
  if (place === '') throw new Error('Say which file: /image PATH.');
  try {
    return { name: path.basename(place), bytes: Uint8Array.from(await readFile(place)) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = { ENOENT: 'There is no such file', EISDIR: 'That is a folder', EACCES: 'You may not read it' }[
      code ?? ''
    ];
    throw new Error(`${why ?? 'It cannot be read'}: ${place}`);
  }
}

/** Terminals put quotes around what is pulled into them, or backslashes before its blanks. */
export function toPath(typed: string): string {
  const text = typed.trim();
  const [, , quoted] = /^(['"])(.*)\1$/.exec(text) ?? [];
  const place = quoted ?? text.replace(/\\(.)/g, '$1');
  return place.startsWith('~/') ? path.join(homedir(), place.slice(2)) : place;
}

/**
 * Gives a file to the server, which tells its type from what is in it. It waits there to be sent with a message.
 * @throws ApiError where the server refuses it; Unreachable
 */
export async function upload(endpoint: URL, { name, bytes }: LocalFile, authorization: string): Promise<Attachment> {
  const headers = {
    authorization,
    'content-type': 'application/octet-stream',
    'x-file-name': encodeURIComponent(name),
  };
  const answer = await post(new URL('uploads', endpoint), { headers, body: bytes });
  if (answer.errors?.[0]) throw toApiError(answer.errors[0]);
  if (!answer.attachment) throw new ApiError('INTERNAL', 'The server takes no files.');
  return answer.attachment;
}

async function post(url: URL, request: RequestInit): Promise<{ attachment?: Attachment; errors?: WireError[] }> {
  try {
    const response = await fetch(url, { method: 'POST', ...request, signal: AbortSignal.timeout(TIMEOUT) });
    return (await response.json()) as { attachment?: Attachment; errors?: WireError[] };
  } catch (cause) {
    throw new Unreachable(url, cause);
  }
}

/** A file in a few words, such as `cat.png (image/png, 640 x 480)`. */
export function describeFile({ fileName, mimeType, byteSize, width, height }: Attachment): string {
  const size = width && height ? `${width} x ${height}` : `${byteSize.toLocaleString('en')} bytes`;
  return `${fileName} (${mimeType}, ${size})`;
}
