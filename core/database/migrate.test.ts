import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { databaseUrl, withAdmin } from '#test/support/database';
import { compareSchema, inspectSchema, migrate } from './migrate.ts';

const at = new Date(0);
const row = (migration_name: string, checksum = `sum of ${migration_name}`, finished_at: Date | null = at) => ({
  migration_name,
  checksum,
  finished_at,
  rolled_back_at: null,
});
const own = (...names: string[]) => names.map((name) => ({ name, sql: '', checksum: `sum of ${name}` }));

describe('how a database stands to the code', () => {
  it.each([
    ['nothing applied, no table', null, own('a', 'b'), { state: 'empty', pending: ['a', 'b'] }],
    ['an empty table', [], own('a'), { state: 'empty', pending: ['a'] }],
    ['all applied', [row('a'), row('b')], own('a', 'b'), { state: 'current' }],
    ['one missing at the end', [row('a')], own('a', 'b'), { state: 'older', pending: ['b'] }],
    ['one missing in between', [row('a'), row('c')], own('a', 'b', 'c'), { state: 'older', pending: ['b'] }],
    ['one that the code does not know', [row('a'), row('z')], own('a'), { state: 'newer', unknown: ['z'] }],
    ['another form', [row('a', 'other')], own('a'), { state: 'changed', changed: ['a'] }],
    ['begun and not ended', [row('a'), row('b', 'sum of b', null)], own('a', 'b'), { state: 'failed', failed: ['b'] }],
    ['failed before it is newer', [row('z', 'x', null)], own('a'), { state: 'failed', failed: ['z'] }],
    ['newer before it is changed', [row('a', 'other'), row('z')], own('a'), { state: 'newer', unknown: ['z'] }],
    ['changed before it is older', [row('a', 'other')], own('a', 'b'), { state: 'changed', changed: ['a'] }],
  ])('%s', (_, applied, migrations, expected) => {
    expect(compareSchema(applied, migrations)).toEqual(expected);
  });
});

describe('migrating', () => {
  const name = `parley_${randomUUID().replaceAll('-', '')}`;
  let folder: string;
  let url: string;

  const add = async (migration: string, sql: string) => {
    await mkdir(join(folder, migration), { recursive: true });
    await writeFile(join(folder, migration, 'migration.sql'), sql);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-migrations-'));
    url = databaseUrl(inject('adminUrl'), name);
    await withAdmin(inject('adminUrl'), (admin) => admin.query(`create database ${name}`));
    await add('1_first', 'CREATE TABLE one (id int);');
    // A semicolon in a function's body: the script is one, not three.
    await add('2_second', 'CREATE FUNCTION two() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 2; END $$;');
  });

  afterAll(async () => {
    await withAdmin(inject('adminUrl'), (admin) => admin.query(`drop database if exists ${name} with (force)`));
    await rm(folder, { recursive: true, force: true });
  });

  it('happens once, by however many processes at the same moment', async () => {
    expect(await inspectSchema(url, folder)).toEqual({ state: 'empty', pending: ['1_first', '2_second'] });
    const applied = await Promise.all([migrate(url, folder), migrate(url, folder), migrate(url, folder)]);
    expect(applied.sort((a, b) => a.length - b.length)).toEqual([[], [], ['1_first', '2_second']]);
    expect(await inspectSchema(url, folder)).toEqual({ state: 'current' });
    expect(await migrate(url, folder)).toEqual([]);
    const { rows } = await withAdmin(url, (admin) => admin.query('select two() as two'));
    expect(rows).toEqual([{ two: 2 }]);
  });

  it('applies what has been added, and only that', async () => {
    await add('3_third', 'CREATE TABLE three (id int);');
    expect(await inspectSchema(url, folder)).toEqual({ state: 'older', pending: ['3_third'] });
    expect(await migrate(url, folder)).toEqual(['3_third']);
  });

  it('happens whole or not at all, and is found to have failed', async () => {
    await add('4_broken', 'CREATE TABLE four (id int); SELECT 1 / 0;');
    await expect(migrate(url, folder)).rejects.toThrow(/division by zero/);
    expect(await inspectSchema(url, folder)).toEqual({ state: 'failed', failed: ['4_broken'] });
    const { rows } = await withAdmin(url, (admin) => admin.query(`select to_regclass('four') as found`));
    expect(rows).toEqual([{ found: null }]);
  });
});
