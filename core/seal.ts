import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts what must not lie readable in the database, and tells when it was tampered with. */
export interface Sealer {
  /** `purpose` separates uses: what was sealed for one cannot be opened for another. */
  seal(plain: Uint8Array, purpose: string): Uint8Array<ArrayBuffer>;
  /** @throws Error where the bytes were changed, or sealed with another key or for another purpose. */
  open(sealed: Uint8Array, purpose: string): Buffer;
}

/** AES-256-GCM under a key derived from the installation's sealing key (32 bytes or more, base64url). */
export function createSealer(sealingKey: string): Sealer {
  const keys = new Map<string, Buffer>();
  const keyFor = (purpose: string): Buffer => {
    const known = keys.get(purpose);
    if (known) return known;
    const key = Buffer.from(hkdfSync('sha256', Buffer.from(sealingKey, 'base64url'), '', `parley seal ${purpose}`, 32));
    keys.set(purpose, key);
    return key;
  };
  return {
    seal(plain, purpose) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', keyFor(purpose), nonce);
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), body]));
    },
    open(sealed, purpose) {
      const bytes = Buffer.from(sealed);
      const decipher = createDecipheriv('aes-256-gcm', keyFor(purpose), bytes.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    },
  };
}
