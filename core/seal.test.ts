import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createSealer } from './seal.ts';

const key = () => randomBytes(32).toString('base64url');

it('is opened with the same key for the same purpose, and in no other way', () => {
  const mine = key();
  const sealer = createSealer(mine);
  const plain = Buffer.from('what nobody else reads');
  const sealed = sealer.seal(plain, 'letters');
  expect(createSealer(mine).open(sealed, 'letters')).toEqual(plain);
  expect(Buffer.from(sealed).includes(plain)).toBe(false);
  expect(sealer.seal(plain, 'letters')).not.toEqual(sealed);
  expect(() => sealer.open(sealed, 'parcels')).toThrow();
  expect(() => createSealer(key()).open(sealed, 'letters')).toThrow();
  for (let index = 0; index < sealed.length; index++) {
    const changed = Uint8Array.from(sealed);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(() => sealer.open(changed, 'letters')).toThrow();
  }
  for (const length of [0, 1, 12, 27, sealed.length - 1])
    expect(() => sealer.open(sealed.subarray(0, length), 'letters')).toThrow();
  expect(sealer.open(sealer.seal(Buffer.alloc(0), 'letters'), 'letters')).toHaveLength(0);
});
