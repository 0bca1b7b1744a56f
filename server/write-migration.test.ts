import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase, withAdmin } from '#test/support/database';

// Some tests start a PostgreSQL, which takes long where the machine is busy.
vi.setConfig({ testTimeout: 120_000 });

const run = promisify(execFile);
const PRISMA = join(import.meta.dirname, '..', 'prisma');
const NOTHING = 'The migrations make all that the schema says: nothing to write.\n';

describe('npm run migration', () => {
  let folder: string;
  let database: TestDatabase;

  /** With a server of its own where there is no URL. */
  const write = async (name: string, url = '') => {
    const script = join(import.meta.dirname, 'write-migration.ts');
    const args = ['--conditions=parley-source', '--import', 'tsx', script, name, folder];
    const { stdout } = await run(process.execPath, args, { env: { ...process.env, DATABASE_URL: url } });
    return stdout;
  };
  const written = async () => {
    const names = await readdir(join(folder, 'migrations'), { withFileTypes: true });
    return names.flatMap((each) => (each.isDirectory() ? [each.name] : [])).sort();
  };
  const add = (model: string, fields: string) =>
    writeFile(join(folder, 'schema', `${model}.prisma`), `model ${model} {\n  id String @id @db.Uuid\n${fields}}\n`);
  const sqlOf = async (migration: string | undefined) => {
    const text = await readFile(join(folder, 'migrations', migration ?? '', 'migration.sql'), 'utf8');
    return text
      .replaceAll(/^--.*$|\s+/gm, ' ')
      .trim()
      .replaceAll(/ +/g, ' ');
  };
  const databases = () =>
    withAdmin(database.url, async (admin) => {
      const { rows } = await admin.query<{ name: string }>(
        `select datname as name from pg_database where datname like 'parley_shadow%'`,
      );
      return rows.map(({ name }) => name);
    });

  beforeAll(async () => {
    database = await createTestDatabase(inject('adminUrl'));
    folder = await mkdtemp(join(tmpdir(), 'parley-prisma-'));
    for (const part of ['migrations', 'schema']) await cp(join(PRISMA, part), join(folder, part), { recursive: true });
  });

  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('finds that the migrations of Parley make what its schema says, policies and functions aside', async () => {
    const before = await written();
    expect(await write('nothing_new')).toBe(NOTHING);
    expect(await written()).toEqual(before);
  });

  it('writes what is new, once, after all that is there', async () => {
    const before = await written();
    await add('Kite', '');
    expect(await write('kites')).toContain('_kites/migration.sql');
    const [added, ...more] = (await written()).slice(before.length);
    expect(added).toMatch(/^\d{14}_kites$/);
    expect(more).toEqual([]);
    const key = 'CONSTRAINT "Kite_pkey" PRIMARY KEY ("id")';
    expect(await sqlOf(added)).toBe(`CREATE TABLE "Kite" ( "id" UUID NOT NULL, ${key} );`);
    expect(await write('kites_again')).toBe(NOTHING);
  });

  it('writes the next change alone, and leaves a database that it is given as it was', async () => {
    await add('Kite', '  tail Int\n');
    expect(await write('kite_tails', database.url)).toContain('_kite_tails/migration.sql');
    expect(await sqlOf((await written()).at(-1))).toBe('ALTER TABLE "Kite" ADD COLUMN "tail" INTEGER NOT NULL;');
    expect(await databases()).toEqual([]);
    const found = await withAdmin(database.url, (admin) => admin.query(`select to_regclass('"Kite"') as kite`));
    expect(found.rows).toEqual([{ kite: null }]);
  });

  it('says which statement of an existing migration fails, and leaves nothing behind', async () => {
    const last = (await written()).at(-1) ?? '';
    await writeFile(join(folder, 'migrations', last, 'migration.sql'), 'SELECT 1; SELECT no_such_thing();');
    const failure = await write('broken', database.url).catch((error: { code: number; stderr: string }) => error);
    expect(failure).toMatchObject({
      code: 1,
      stderr:
        'The migration could not be written: An existing migration fails on an empty database: function no_such_thing() does not exist\n',
    });
    expect(await databases()).toEqual([]);
    expect((await written()).at(-1)).toBe(last);
  });

  it.each(['', 'With-Dash', '../up'])('refuses the name %j', async (name) => {
    await expect(write(name, database.url)).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/^Usage/) });
  });
});
