import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { deriveSecrets, openSecrets } from './secret.ts';
import { StartError } from './start-error.ts';

const MASTER = 'a'.repeat(20) + 'b'.repeat(20);

let dataFolder: string;
let warnings: string[];

beforeEach(async () => {
  dataFolder = await mkdtemp(path.join(tmpdir(), 'parley-secret-'));
  warnings = [];
});

afterEach(() => rm(dataFolder, { recursive: true }));

const file = () => path.join(dataFolder, 'secrets.json');
const openHere = (masterSecret?: string) =>
  openSecrets({ dataFolder, masterSecret, onWarning: (message) => warnings.push(message) });
const stored = async () => JSON.parse(await readFile(file(), 'utf8')) as Record<string, string>;

it('generates secrets of 32 bytes for the owner alone, and finds them again', async () => {
  const first = await openHere();
  expect((await stat(file())).mode & 0o777).toBe(0o600);
  expect(Object.keys(first).sort()).toEqual(['databasePassword', 'internalSecret', 'sealingKey', 'tokenSecret']);
  for (const secret of Object.values(first)) expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  expect(new Set(Object.values(first)).size).toBe(4);
  expect(await openHere()).toEqual(first);
  expect(warnings).toEqual([]);
});

it('gives the same secrets to all who open a new folder at once', async () => {
  const opened = await Promise.all(Array.from({ length: 8 }, () => openHere()));
  expect(new Set(opened.map((secrets) => JSON.stringify(secrets))).size).toBe(1);
  expect(await readdir(dataFolder)).toEqual(['secrets.json']);
});

it('adds a secret that an older version did not know, and keeps the others', async () => {
  const first = await openHere();
  const { tokenSecret: _, ...older } = await stored();
  await writeFile(file(), JSON.stringify({ ...older, laterName: first.tokenSecret }));
  const second = await openHere();
  expect(second.databasePassword).toBe(first.databasePassword);
  expect(second.tokenSecret).not.toBe(first.tokenSecret);
  expect(await stored()).toMatchObject({ laterName: first.tokenSecret, tokenSecret: second.tokenSecret });
});

it('closes a file that others can read, and says so', async () => {
  await openHere();
  await chmod(file(), 0o644);
  await openHere();
  expect((await stat(file())).mode & 0o777).toBe(0o600);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('secrets.json could be read by other users');
});

it.each(['{"tokenSecret": "abc"', '[]x', '{"tokenSecret": "too short"}', '"text"'])(
  'refuses the damaged file %s',
  async (text) => {
    await writeFile(file(), text, { mode: 0o600 });
    await expect(openHere()).rejects.toThrow(StartError);
    await expect(openHere()).rejects.toThrow(/secrets.json is damaged: restore it/);
    expect(await readFile(file(), 'utf8')).toBe(text);
  },
);

it('derives the shared secrets from PARLEY_SECRET, alike everywhere, and stores none of them', async () => {
  const secrets = await openHere(MASTER);
  expect(secrets).toMatchObject(deriveSecrets(MASTER));
  expect(Object.keys(await stored())).toEqual(['databasePassword']);
  expect(new Set(Object.values(secrets)).size).toBe(4);
  expect(deriveSecrets(`${MASTER}.`).tokenSecret).not.toBe(secrets.tokenSecret);
});

it('keeps the database password when PARLEY_SECRET comes or goes', async () => {
  const before = await openHere();
  const derived = await openHere(MASTER);
  expect(derived.databasePassword).toBe(before.databasePassword);
  expect(derived.tokenSecret).not.toBe(before.tokenSecret);
  expect(await openHere()).toEqual(before);
});

it('refuses a PARLEY_SECRET that is too short', async () => {
  await expect(openHere('short')).rejects.toThrow(/PARLEY_SECRET must have at least 32 characters/);
});
