import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { OutboundError } from './outbound-error.ts';

/** What a server may answer in; sent as `Accept-Encoding`. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br';

const DECODERS: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

export interface Body {
  bytes: Buffer;
  /** Whether there was more than `maxBytes`: the rest was not read. */
  truncated: boolean;
}

/**
 * Reads a body, unpacked, up to a number of bytes. It is unpacked piece by piece and no further than that, so a small body
 * that would become an enormous one costs no more than any other.
 * @throws OutboundError where it is packed in a way that was not asked for; whatever the stream throws.
 */
export async function readBody(stream: Readable, encoding: string | undefined, maxBytes: number): Promise<Body> {
  const decoder = decoderOf(encoding);
  const source: Readable = decoder ? stream.pipe(decoder) : stream;
  if (decoder) {
    // A pipe passes on what is read, not what goes wrong or that nobody reads any longer.
    stream.on('error', (error) => decoder.destroy(error));
    decoder.on('close', () => stream.destroy());
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    const room = maxBytes - size;
    if (chunk.length > room) {
      chunks.push(chunk.subarray(0, room));
      return { bytes: Buffer.concat(chunks), truncated: true };
    }
    chunks.push(chunk);
    size += chunk.length;
  }
  return { bytes: Buffer.concat(chunks), truncated: false };
}

function decoderOf(encoding = ''): Transform | null {
  const name = encoding.trim().toLowerCase();
  if (name === '' || name === 'identity') return null;
  const create = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  if (!create) throw new OutboundError('OUTBOUND_BAD_RESPONSE', 'The server’s answer is packed in an unknown way.');
  return create();
}
