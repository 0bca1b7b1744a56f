import { chmod, cp, lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { accountFor } from './account.ts';
import { copyBinaries, packagedBinaries, problemWith } from './binaries.ts';

let base: string;

beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'parley-binaries-'));
  await chmod(base, 0o755);
});

afterEach(() => rm(base, { recursive: true, force: true }));

it('makes a copy that runs from a package without its links, once for several who ask at once', async () => {
  const { folder, version } = await packagedBinaries();
  const asPublished = path.join(base, 'native');
  await cp(folder, asPublished, {
    recursive: true,
    filter: async (file) => !(await lstat(file)).isSymbolicLink() && !file.includes('/share/postgresql/timezone/'),
  });
  const copy = path.join(base, 'copies', version);
  await Promise.all([1, 2, 3].map(() => copyBinaries(asPublished, copy)));
  expect(await readdir(path.dirname(copy))).toEqual([version]);
  const account = await accountFor(base);
  expect(await problemWith({ folder: copy, version }, account)).toBeUndefined();
});

it('says what is wrong with programs that do not run', async () => {
  const folder = path.join(base, 'nothing');
  expect(await problemWith({ folder, version: '18' }, undefined)).toMatch(/ENOENT/);
});
