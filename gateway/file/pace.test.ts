import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { paced } from './pace.ts';

async function* dripping(pieces: number, bytes: number, pauseMs: number): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < pieces; piece += 1) {
    await sleep(pauseMs);
    yield new Uint8Array(bytes);
  }
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const piece of source) bytes += piece.length;
  return bytes;
}

describe('the pace of an upload', () => {
  it('lets through what comes fast, whole', async () => {
    expect(await drain(paced(dripping(50, 10_000, 1), 100))).toBe(500_000);
  });

  it('bears a small file that comes slowly within its span', async () => {
    expect(await drain(paced(dripping(3, 1, 20), 1_000))).toBe(3);
  });

  it('gives up on a byte now and then, and on silence', async () => {
    const slow = { code: 'BAD_USER_INPUT', message: expect.stringContaining('too slowly') as string };
    await expect(drain(paced(dripping(1_000, 1, 5), 100))).rejects.toMatchObject(slow);
    await expect(drain(paced(dripping(1, 1, 60_000), 50))).rejects.toMatchObject(slow);
  });

  it('does not count the time that whoever reads takes', async () => {
    let bytes = 0;
    for await (const piece of paced(dripping(4, 1, 1), 100)) {
      bytes += piece.length;
      await sleep(60);
    }
    expect(bytes).toBe(4);
  });
});
