import { randomUUID } from 'node:crypto';
import { access, constants, mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { unavailable } from '#core/error';
import { type ByteRange, checkKey, type ObjectStorage } from './storage.port.ts';

/** Between an object's name and what makes the file of a `put` that is under way its own. */
const UNDER_WAY = '.~';

/** Objects as files in a folder, for the eyes of their owner alone. */
export class DiskStorage implements ObjectStorage {
  readonly kind = 'disk';

  constructor(private readonly folder: string) {}

  async put(key: string, source: AsyncIterable<Uint8Array>): Promise<void> {
    const file = this.fileOf(key);
    const folder = path.dirname(file);
    const next = `${file}${UNDER_WAY}${randomUUID()}`;
    let written = false;
    try {
      await reaching(() => mkdir(folder, { recursive: true, mode: 0o700 }));
      const handle = await reaching(() => open(next, 'wx', 0o600));
      try {
        for await (const bytes of source) await reaching(() => handle.writeFile(bytes));
        await reaching(() => handle.sync());
      } finally {
        await handle.close();
      }
      await reaching(() => rename(next, file));
      written = true;
      await syncFolder(folder);
    } finally {
      if (!written) await rm(next, { force: true }).catch(() => {});
    }
  }

  async get(key: string, range?: ByteRange): Promise<Readable | null> {
    const file = this.fileOf(key);
    try {
      const handle = await open(file, 'r');
      return handle.createReadStream(range ? { start: range.first, end: range.last } : {});
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw away(error);
    }
  }

  async delete(key: string): Promise<void> {
    const file = this.fileOf(key);
    const name = path.basename(file);
    const folder = path.dirname(file);
    try {
      for (const entry of await readdir(folder)) {
        if (entry === name || entry.startsWith(name + UNDER_WAY)) await unlink(path.join(folder, entry));
      }
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw away(error);
    }
  }

  async ping(): Promise<void> {
    await reaching(async () => {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      await access(this.folder, constants.R_OK | constants.W_OK);
    });
  }

  async close(): Promise<void> {}

  private fileOf(key: string): string {
    checkKey(key);
    return path.join(this.folder, key);
  }
}

/** Else the name could be lost with a power cut, though the bytes are there. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await reaching(() => open(folder, 'r'));
  try {
    await reaching(() => handle.sync());
  } finally {
    await handle.close();
  }
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

const away = (cause: unknown) =>
  codeOf(cause) === 'ENOSPC' || codeOf(cause) === 'EDQUOT'
    ? unavailable('There is no room left for files. Tell whoever runs this server.', { cause })
    : unavailable('The folder of files cannot be used now. Try again shortly.', { cause });

async function reaching<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw away(error);
  }
}
