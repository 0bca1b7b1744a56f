import { hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { chmod, link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { StartError, systemCode } from './start-error.ts';

/**
 * What each secret is for. A name that is added here is generated at the next start of an existing installation.
 * - `tokenSecret` signs access tokens.
 * - `internalSecret` signs what the processes of one installation tell each other about the viewer.
 * - `sealingKey` encrypts what tenants store, such as credentials of model providers.
 */
export const SHARED_SECRETS = ['tokenSecret', 'internalSecret', 'sealingKey'] as const;
/** `databasePassword` is the password of the embedded PostgreSQL's administrator: it belongs to one data folder. */
export const LOCAL_SECRETS = ['databasePassword'] as const;

export type SharedSecrets = Record<(typeof SHARED_SECRETS)[number], string>;
/** Each is 32 bytes in base64url. */
export type Secrets = SharedSecrets & Record<(typeof LOCAL_SECRETS)[number], string>;

export interface SecretOptions {
  /** The data folder. Several processes may use it. */
  dataFolder: string;
  /** PARLEY_SECRET: when it is set, every process that has it derives the same shared secrets from it. */
  masterSecret?: string | undefined;
  /** Told in a sentence when something was put right. */
  onWarning(message: string): void;
}

const BYTES = 32;
/** As many characters as 24 random bytes have in base64: less is likely a phrase that can be guessed. */
const SHORTEST_MASTER_SECRET = 32;

/**
 * Derives the secrets that all processes of an installation share.
 * @param masterSecret PARLEY_SECRET.
 * @throws StartError when it is too short to be random.
 */
export function deriveSecrets(masterSecret: string): SharedSecrets {
  if (masterSecret.length < SHORTEST_MASTER_SECRET) {
    throw new StartError(
      `PARLEY_SECRET must have at least ${SHORTEST_MASTER_SECRET} characters: make one with \`openssl rand -base64 32\`.`,
    );
  }
  const derive = (name: string) =>
    Buffer.from(hkdfSync('sha256', masterSecret, 'parley', name, BYTES)).toString('base64url');
  return fill(SHARED_SECRETS, derive);
}

/**
 * Reads the secrets of a data folder from `secrets.json`, after generating the ones that are missing.
 * @throws StartError when the file cannot be read or is damaged, or when the master secret is too short.
 */
export async function openSecrets({ dataFolder, masterSecret, onWarning }: SecretOptions): Promise<Secrets> {
  const derived = masterSecret === undefined ? undefined : deriveSecrets(masterSecret);
  const file = path.join(dataFolder, 'secrets.json');
  const kept = derived ? LOCAL_SECRETS : [...SHARED_SECRETS, ...LOCAL_SECRETS];
  for (;;) {
    const stored = await read(file, onWarning);
    const missing = kept.filter((name) => stored?.[name] === undefined);
    const secrets = { ...stored, ...fill(missing, () => randomBytes(BYTES).toString('base64url')) };
    if (missing.length === 0 || (await write(file, secrets, stored === undefined))) {
      return { ...secrets, ...derived } as Secrets;
    }
  }
}

function fill<Name extends string>(names: readonly Name[], make: (name: Name) => string): Record<Name, string> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, string>;
}

async function read(file: string, onWarning: (message: string) => void): Promise<Partial<Secrets> | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new StartError(`${file} cannot be read (${systemCode(error)}): start Parley as the user who owns it.`);
  }
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) {
    await chmod(file, 0o600);
    onWarning(`${file} could be read by other users of this machine; now only its owner can.`);
  }
  const parsed = parse(text);
  if (!parsed) {
    throw new StartError(
      `${file} is damaged: restore it from a backup, or delete the whole data folder to start afresh without its data.`,
    );
  }
  return parsed;
}

function parse(text: string): Partial<Secrets> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const isSecret = (secret: unknown) =>
      typeof secret === 'string' && Buffer.from(secret, 'base64url').length === BYTES;
    return Object.values(value).every(isSecret) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whole or not at all: a crash leaves the former file.
 * @param isFirst The file must not be there yet.
 * @returns False when another process was first.
 */
async function write(file: string, secrets: Partial<Secrets>, isFirst: boolean): Promise<boolean> {
  const next = `${file}.${randomUUID()}`;
  const handle = await open(next, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(secrets, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (!isFirst) {
    await rename(next, file);
    return true;
  }
  try {
    await link(next, file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(next);
  }
}
