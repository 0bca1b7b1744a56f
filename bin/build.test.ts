import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from './build/compile.mjs';

const CHECKOUT = fileURLToPath(new URL('..', import.meta.url));
const IMPORT = /\b(?:from|import)\s*\(?\s*['"]([^'"\s]+)['"]/g;

describe('the build of Parley', () => {
  let out: string;
  let files: string[];

  beforeAll(async () => {
    out = await mkdtemp(path.join(tmpdir(), 'parley-build-'));
    await build({ root: CHECKOUT, out });
    const entries = await readdir(out, { recursive: true, withFileTypes: true });
    files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(out, path.join(entry.parentPath, entry.name)));
  });

  afterAll(() => rm(out, { recursive: true, force: true }));

  it('holds what runs, and neither tests nor what only a checkout needs', () => {
    expect(files).toEqual(expect.arrayContaining(['server/main.js', 'server/migrate.js', 'client/chat.js']));
    expect(files).toContain('prisma/migrations/migration_lock.toml');
    const stray =
      /^test\/|^gateway\/explorer\/browser\/|\.(test|fixture|setup|bench)\.|write-migration|print-supergraph/;
    expect(files.filter((file) => stray.test(file))).toEqual([]);
  });

  it('finds in itself, or in the packages of an installation, all that it imports', async () => {
    const { dependencies } = JSON.parse(await readFile(path.join(CHECKOUT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const isThere = (file: string, name: string) => {
      if (name.startsWith('node:')) return true;
      if (name.startsWith('.')) return existsSync(path.join(out, path.dirname(file), name));
      if (name.startsWith('#')) return existsSync(path.join(out, `${name.slice(1)}.js`));
      const parts = name.split('/');
      return (name.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '')) in dependencies;
    };
    const missing = [];
    let seen = 0;
    for (const file of files.filter((each) => each.endsWith('.js'))) {
      const code = (await readFile(path.join(out, file), 'utf8')).replaceAll(/^\s*(\*|\/\/|\/\*).*$/gm, '');
      for (const [, name = ''] of code.matchAll(IMPORT)) {
        seen += 1;
        if (!isThere(file, name)) missing.push(`${file}: ${name}`);
      }
    }
    expect(missing).toEqual([]);
    expect(seen).toBeGreaterThan(500);
  });
});
