import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { DiskStorage } from './disk-storage.ts';
import { S3Server } from './s3-server.fixture.ts';
import { S3Storage } from './s3-storage.ts';
import type { ObjectStorage } from './storage.port.ts';

const MIB = 1024 * 1024;
const folder = await mkdtemp(join(tmpdir(), 'parley-storage-'));
const s3 = await new S3Server().start();

const stores: [string, ObjectStorage, () => Promise<string[]>][] = [
  [
    'disk',
    new DiskStorage(folder),
    async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    },
  ],
  [
    's3',
    new S3Storage({ ...s3.options, timeoutMs: 500, partBytes: 5 * MIB }),
    async () => [...s3.objects.keys(), ...s3.uploads.keys()],
  ],
];

afterAll(async () => {
  for (const [, store] of stores) await store.close();
  await s3.stop();
  await rm(folder, { recursive: true, force: true });
});

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* broken(bytes: Buffer): AsyncGenerator<Buffer> {
  yield* inPieces(bytes, MIB);
  throw new Error('the client went away');
}

async function read(stream: Readable | null): Promise<Buffer | null> {
  return stream && Buffer.concat(await stream.toArray());
}

describe.each(stores)('what a store on %s does', (_name, store, everything) => {
  it.each([
    ['nothing', 0],
    ['a byte', 1],
    ['exactly one part', 5 * MIB],
    ['several parts and a rest', 11 * MIB + 17],
  ])('gives back %s as it came', async (_what, size) => {
    const bytes = randomBytes(size);
    await store.put('org/file', inPieces(bytes, 300_001), 'image/png');
    expect((await read(await store.get('org/file')))?.equals(bytes)).toBe(true);
    await store.delete('org/file');
    expect(await store.get('org/file')).toBeNull();
  });

  it('gives a part, with both of its ends', async () => {
    await store.put('org/digits', inPieces(Buffer.from('0123456789'), 3), 'text/plain');
    expect(String(await read(await store.get('org/digits', { first: 2, last: 5 })))).toBe('2345');
    expect(String(await read(await store.get('org/digits', { first: 9, last: 9 })))).toBe('9');
  });

  it('replaces what is there', async () => {
    await store.put('org/twice', inPieces(Buffer.from('one'), 9), 'text/plain');
    await store.put('org/twice', inPieces(Buffer.from('two'), 9), 'text/plain');
    expect(String(await read(await store.get('org/twice')))).toBe('two');
  });

  it.each([
    ['at once', 0],
    ['in the middle of a part', MIB],
    ['behind several parts', 12 * MIB],
  ])('keeps nothing of a source that fails %s', async (_when, size) => {
    const before = await everything();
    await expect(store.put('org/broken', broken(randomBytes(size)), 'image/png')).rejects.toThrow(
      'the client went away',
    );
    expect(await store.get('org/broken')).toBeNull();
    expect(await everything()).toEqual(before);
  });

  it('bears that there is nothing to delete', async () => {
    await store.delete('org/never');
    await store.delete('nowhere/never');
  });

  it.each(['../out', 'a/../b', '/root', 'a//b', '', 'a/.', '.hidden', 'a b', 'a\0b'])('has no key %j', async (key) => {
    await expect(store.get(key)).rejects.toThrow('not the key');
    await expect(store.put(key, inPieces(Buffer.from('x'), 1), 'text/plain')).rejects.toThrow('not the key');
    await expect(store.delete(key)).rejects.toThrow('not the key');
  });

  it('can be looked at', async () => {
    await expect(store.ping()).resolves.toBeUndefined();
  });
});

describe('on disk', () => {
  it('is for the eyes of its owner alone', async () => {
    await new DiskStorage(folder).put('private/file', inPieces(Buffer.from('x'), 1));
    expect((await stat(join(folder, 'private/file'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'private'))).mode & 0o777).toBe(0o700);
  });

  it('removes what a crash has left of an object', async () => {
    const store = new DiskStorage(folder);
    await store.put('crash/other', inPieces(Buffer.from('x'), 1));
    await writeFile(join(folder, 'crash/file.~half'), 'half');
    await store.delete('crash/file');
    expect(await readdir(join(folder, 'crash'))).toEqual(['other']);
  });

  it('says that it is away, not why', async () => {
    await writeFile(join(folder, 'in-the-way'), 'a file where a folder should be');
    const store = new DiskStorage(join(folder, 'in-the-way'));
    const refused = { code: 'UNAVAILABLE', message: expect.not.stringContaining(folder) as string };
    await expect(store.ping()).rejects.toMatchObject(refused);
    await expect(store.put('a', inPieces(Buffer.from('x'), 1))).rejects.toMatchObject(refused);
  });
});

describe('on S3', () => {
  const store = stores[1]?.[1] as ObjectStorage;

  it('signs every request', async () => {
    expect(s3.refused).toBe(0);
    const stranger = new S3Storage({ ...s3.options, secretAccessKey: 'another secret' });
    await expect(stranger.ping()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(s3.refused).toBe(1);
    await stranger.close();
  });

  it('removes what a crash has left of an object', async () => {
    s3.uploads.set('left', { key: 'org/cut', parts: new Map([[1, Buffer.from('half')]]) });
    s3.uploads.set('other', { key: 'org/cut-too', parts: new Map() });
    await store.delete('org/cut');
    expect([...s3.uploads.keys()]).toEqual(['other']);
    s3.uploads.clear();
  });

  it.each([
    ['answers 503', (response: { writeHead(status: number): { end(): void } }) => response.writeHead(503).end()],
    ['hangs', () => {}],
    ['resets', (response: { socket?: { resetAndDestroy(): void } | null }) => response.socket?.resetAndDestroy()],
  ])('is away when the server %s', async (_what, fault) => {
    s3.fault = fault as never;
    try {
      const refused = { code: 'UNAVAILABLE' };
      await expect(store.put('org/fault', inPieces(Buffer.from('x'), 1), 'image/png')).rejects.toMatchObject(refused);
      await expect(store.get('org/fault')).rejects.toMatchObject(refused);
      await expect(store.delete('org/fault')).rejects.toMatchObject(refused);
      await expect(store.ping()).rejects.toMatchObject(refused);
    } finally {
      s3.fault = null;
      await sleep(0);
    }
  });
});
