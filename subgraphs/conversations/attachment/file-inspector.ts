import { createHash } from 'node:crypto';
import { TextDecoder } from 'node:util';
import { badInput } from '#core/error';

/** Looks at the bytes of a file while they pass: how many, whether text is text, and their digest. */
export class FileInspector {
  byteSize = 0;
  private readonly hash = createHash('sha256');
  private readonly decoder: TextDecoder | null;

  /**
   * @param maxBytes The longest file that is taken.
   * @param asText Whether it has to be text in UTF-8.
   */
  constructor(
    private readonly maxBytes: number,
    asText: boolean,
  ) {
    this.decoder = asText ? new TextDecoder('utf-8', { fatal: true }) : null;
  }

  /** The same bytes. @throws ParleyError `BAD_USER_INPUT` as soon as they are not to be taken */
  async *watch(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const bytes of source) {
      this.byteSize += bytes.length;
      if (this.byteSize > this.maxBytes) throw badInput('file', `A file has at most ${this.maxBytes} bytes.`);
      this.hash.update(bytes);
      this.decode(bytes);
      yield bytes;
    }
    if (this.byteSize === 0) throw badInput('file', 'The file is empty.');
    this.decode(null);
  }

  /** In hexadecimal. Once, when all have passed. */
  digest(): string {
    return this.hash.digest('hex');
  }

  private decode(bytes: Uint8Array | null): void {
    if (!this.decoder) return;
    try {
      if (bytes?.includes(0)) throw new TypeError('a zero byte');
      this.decoder.decode(bytes ?? new Uint8Array(), { stream: bytes !== null });
    } catch {
      throw badInput('file', 'It is no picture, no PDF and no text in UTF-8.');
    }
  }
}

/** The beginning of what comes, and all of it including the beginning. */
export async function peek(
  source: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<{ head: Buffer; all: AsyncIterable<Uint8Array> }> {
  const rest = source[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let count = 0;
  while (count < bytes) {
    const next = await rest.next();
    if (next.done) break;
    held.push(next.value);
    count += next.value.length;
  }
  const all = async function* () {
    yield* held.splice(0);
    try {
      for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
    } finally {
      await rest.return?.();
    }
  };
  return { head: Buffer.concat(held), all: all() };
}
