import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createLog } from '#core/log';
import { createTestDatabase, type TestDatabase, withAdmin } from '#test/support/database';
import { ensureSchema, MIGRATIONS_FOLDER } from './schema-check.ts';

const log = createLog({ level: 'silent', pretty: false });
const NEXT = '99990101000000_next';

describe('a database that is older than the code', () => {
  let database: TestDatabase;
  let folder: string;

  beforeAll(async () => {
    database = await createTestDatabase(inject('adminUrl'));
    folder = await mkdtemp(join(tmpdir(), 'parley-migrations-'));
    await cp(MIGRATIONS_FOLDER, folder, { recursive: true });
    await mkdir(join(folder, NEXT));
    await writeFile(join(folder, NEXT, 'migration.sql'), 'CREATE TABLE next_things (id INT PRIMARY KEY);');
  });

  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const hasTable = async () => {
    const sql = "select to_regclass('next_things') is not null as there";
    const { rows } = await withAdmin(database.url, (admin) => admin.query<{ there: boolean }>(sql));
    return rows[0]?.there;
  };

  it('is left to its operator, who is told what to run', async () => {
    await expect(ensureSchema(database.url, { embedded: false, log, folder })).rejects.toThrow(
      `The database is older than this version of Parley (missing: ${NEXT}): run \`npm run migrate\`, then start again.`,
    );
    expect(await hasTable()).toBe(false);
  });

  it('is brought up to date where it belongs to this installation alone', async () => {
    await ensureSchema(database.url, { embedded: true, log, folder });
    expect(await hasTable()).toBe(true);
    await ensureSchema(database.url, { embedded: false, log, folder });
  });
});
