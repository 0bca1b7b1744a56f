import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '#core/database/migrate';
import { startPostgres } from '#server/postgres/start-postgres';
import { MIGRATIONS_FOLDER } from '#server/schema-check';
import { databaseUrl, withAdmin } from './database.ts';

/** Copied for every test file: a copy takes a tenth of the time of the migrations. */
export const TEMPLATE = 'parley_template';

/**
 * One PostgreSQL for the whole run, with a migrated template. `TEST_DATABASE_URL` names another one to be used instead,
 * as an administrator who may create databases.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-test-'));
  const given = process.env.TEST_DATABASE_URL;
  const own = given ? null : await startPostgres({ dataFolder: folder, password: 'test', onLog: () => {} });
  const url = given ?? own?.url ?? '';
  if (own) await withAdmin(url, forgetful);
  await withAdmin(url, async (admin) => {
    await admin.query(`drop database if exists ${TEMPLATE} with (force)`);
    await admin.query(`create database ${TEMPLATE}`);
  });
  await migrate(databaseUrl(url, TEMPLATE), MIGRATIONS_FOLDER);
  project.provide('adminUrl', url);
  project.provide('supergraphFolder', join(folder, 'supergraph'));
  return async () => {
    await own?.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

/** Nothing here outlives the run, and no test crashes this cluster: those that do have one of their own. */
async function forgetful(admin: Client): Promise<void> {
  for (const setting of ['fsync', 'full_page_writes', 'synchronous_commit', 'autovacuum']) {
    await admin.query(`alter system set ${setting} = off`);
  }
  await admin.query('select pg_reload_conf()');
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** An administrator of the run's PostgreSQL. */
    adminUrl: string;
    /** Where the run's servers find the supergraph that one of them has composed. */
    supergraphFolder: string;
  }
}
