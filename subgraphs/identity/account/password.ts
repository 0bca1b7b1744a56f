import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** OWASP's password storage cheat sheet: argon2id (the library's default), 19 MiB, two passes, one lane. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export const hashPassword = (password: string): Promise<string> => hash(password, PARAMETERS);

let dummy: Promise<string> | undefined;

/**
 * Whether the password is the one behind `stored`. Where there is none, because there is no such account or it has no
 * password, a hash that fits nothing is compared instead: the answer takes as long, and tells nothing.
 */
export async function verifyPassword(stored: string | null | undefined, password: string): Promise<boolean> {
  dummy ??= hashPassword(randomBytes(32).toString('base64url'));
  const matches = await verify(stored ?? (await dummy), password);
  return matches && stored != null;
}
