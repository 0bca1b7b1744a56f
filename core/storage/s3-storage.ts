import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { S3mini } from 's3mini';
import { Agent, fetch as undiciFetch } from 'undici';
import { unavailable } from '#core/error';
import { type ByteRange, checkKey, type ObjectStorage } from './storage.port.ts';

export interface S3Options {
  /** Of the bucket: `https://s3.eu-central-1.amazonaws.com/my-bucket`, `http://minio:9000/parley`. */
  bucketUrl: string;
  /** `auto` is what most servers but Amazon's take. */
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** How long the server may be silent, in milliseconds. Default 20,000. */
  timeoutMs?: number;
  /** Bytes held in memory for each `put`; a longer object goes in several parts. At least 5 MiB, the smallest S3 takes. */
  partBytes?: number;
}

const DEFAULT_PART_BYTES = 8 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 20_000;

/** Objects in a bucket of anything that speaks Amazon's S3. */
export class S3Storage implements ObjectStorage {
  readonly kind = 's3';
  private readonly s3: S3mini;
  private readonly agent: Agent;
  private readonly partBytes: number;

  constructor({ bucketUrl, region, accessKeyId, secretAccessKey, timeoutMs, partBytes }: S3Options) {
    const silence = timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.agent = new Agent({ connectTimeout: 5_000, headersTimeout: silence, bodyTimeout: silence });
    this.partBytes = partBytes ?? DEFAULT_PART_BYTES;
    this.s3 = new S3mini({
      accessKeyId,
      secretAccessKey,
      endpoint: bucketUrl,
      region,
      fetch: ((input: string, init: object) =>
        undiciFetch(input, { ...init, dispatcher: this.agent })) as unknown as typeof fetch,
    });
  }

  async put(key: string, source: AsyncIterable<Uint8Array>, mimeType: string): Promise<void> {
    checkKey(key);
    const parts = inParts(source, this.partBytes);
    const first = await parts.next();
    const second = await parts.next();
    const begin = first.value ?? Buffer.alloc(0);
    // Within one part it is one request, which is whole or nothing by itself.
    if (second.done) {
      await reaching(() => this.s3.putObject(key, begin, mimeType, undefined, undefined, begin.length));
      return;
    }
    const upload = await reaching(() => this.s3.getMultipartUploadId(key, mimeType));
    try {
      const done = [await reaching(() => this.s3.uploadPart(key, upload, begin, 1))];
      const add = async (bytes: Buffer) =>
        done.push(await reaching(() => this.s3.uploadPart(key, upload, bytes, done.length + 1)));
      await add(second.value);
      for await (const bytes of parts) await add(bytes);
      await reaching(() => this.s3.completeMultipartUpload(key, upload, done));
    } catch (error) {
      await this.s3.abortMultipartUpload(key, upload).catch(() => {});
      throw error;
    } finally {
      await parts.return?.(undefined);
    }
  }

  async get(key: string, range?: ByteRange): Promise<Readable | null> {
    checkKey(key);
    try {
      const answer = range
        ? await this.s3.getObjectRaw(key, false, range.first, range.last + 1)
        : await this.s3.getObjectResponse(key);
      return answer?.body ? Readable.fromWeb(answer.body as unknown as ReadableStream) : null;
    } catch (error) {
      if ((error as { status?: unknown }).status === 404) return null;
      throw away(error);
    }
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await reaching(() => this.s3.deleteObject(key));
    // Parts of an upload that was cut off cost money and are seen by nobody.
    const listed = await reaching(() => this.s3.listMultipartUploads('/', '', 'GET', { prefix: key }));
    for (const { key: found, uploadId } of uploadsIn(listed)) {
      if (found === key) await reaching(() => this.s3.abortMultipartUpload(key, uploadId));
    }
  }

  async ping(): Promise<void> {
    if (!(await reaching(() => this.s3.bucketExists()))) throw away(new Error('There is no such bucket.'));
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

/** The same bytes in pieces of one size, but for the last one. */
async function* inParts(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of source) {
    held.push(piece);
    bytes += piece.length;
    while (bytes >= size) {
      const joined = Buffer.concat(held);
      yield joined.subarray(0, size);
      held = [joined.subarray(size)];
      bytes = joined.length - size;
    }
  }
  if (bytes > 0) yield Buffer.concat(held);
}

/** The answer's XML as the library reads it: names as the server wrote them, one entry where there is only one. */
function uploadsIn(listed: unknown): { key: string; uploadId: string }[] {
  const found: { key: string; uploadId: string }[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const entry = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toLowerCase(), inner]));
    if (typeof entry.key === 'string' && typeof entry.uploadid === 'string' && entry.uploadid !== '') {
      found.push({ key: entry.key, uploadId: entry.uploadid });
    }
    Object.values(value).forEach(visit);
  };
  visit(listed);
  return found;
}

const away = (cause: unknown) => unavailable('The store of files cannot be reached now. Try again shortly.', { cause });

async function reaching<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw away(error);
  }
}
