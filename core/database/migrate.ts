import pg from 'pg';
import { type Migration, readMigrations, toMigrationList } from './migration-folder.ts';
import { openSchemaEngine } from './schema-engine.ts';

/**
 * How the schema of a database stands to this code. `older` lists what is still to apply; `newer` what the code does not
 * know; `changed` what was applied in another form; `failed` what began and did not end.
 */
export type SchemaState =
  | { state: 'current' }
  | { state: 'empty'; pending: string[] }
  | { state: 'older'; pending: string[] }
  | { state: 'newer'; unknown: string[] }
  | { state: 'changed'; changed: string[] }
  | { state: 'failed'; failed: string[] };

interface Applied {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
  rolled_back_at: Date | null;
}

/** An arbitrary number that says "Parley migrates": processes that start together take turns by it. */
const MIGRATION_LOCK = 7_265_531;

async function readApplied(client: pg.Client): Promise<Applied[] | null> {
  const found = await client.query("select to_regclass('_prisma_migrations') is not null as exists");
  if (!found.rows[0].exists) return null;
  const { rows } = await client.query<Applied>(
    'select migration_name, checksum, finished_at, rolled_back_at from _prisma_migrations order by migration_name',
  );
  return rows.filter((row) => row.rolled_back_at === null);
}

/** Compares what a database has had applied with the migrations of this code. Pure. */
export function compareSchema(applied: Applied[] | null, migrations: Migration[]): SchemaState {
  const known = new Map(migrations.map((migration) => [migration.name, migration.checksum]));
  if (!applied || applied.length === 0) return { state: 'empty', pending: [...known.keys()] };
  const failed = applied.filter((row) => row.finished_at === null).map((row) => row.migration_name);
  if (failed.length > 0) return { state: 'failed', failed };
  const unknown = applied.filter((row) => !known.has(row.migration_name)).map((row) => row.migration_name);
  if (unknown.length > 0) return { state: 'newer', unknown };
  const changed = applied.filter((row) => known.get(row.migration_name) !== row.checksum);
  if (changed.length > 0) return { state: 'changed', changed: changed.map((row) => row.migration_name) };
  const done = new Set(applied.map((row) => row.migration_name));
  const pending = [...known.keys()].filter((name) => !done.has(name));
  return pending.length > 0 ? { state: 'older', pending } : { state: 'current' };
}

/** Reads how the database at `url` stands to the migrations in `folder`. */
export async function inspectSchema(url: string, folder: string): Promise<SchemaState> {
  return withClient(url, async (client) => compareSchema(await readApplied(client), await readMigrations(folder)));
}

/**
 * Applies what is pending and returns its names; a second call applies nothing. Processes that start together wait
 * for the first. Records what it did in `_prisma_migrations`, so that `prisma migrate deploy` works on the same database.
 * @throws Error with what PostgreSQL said where a migration failed: of that one nothing is left but its record.
 */
export async function migrate(url: string, folder: string): Promise<string[]> {
  return withClient(url, async (client) => {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const migrations = await readMigrations(folder);
    if (compareSchema(await readApplied(client), migrations).state === 'current') return [];
    const { engine, scriptFailure, close } = await openSchemaEngine(url);
    try {
      const { appliedMigrationNames } = await engine.applyMigrations({
        migrationsList: toMigrationList(folder, migrations),
        filters: { externalTables: [], externalEnums: [] },
      });
      return appliedMigrationNames;
    } catch (error) {
      const reason = scriptFailure();
      if (!(reason instanceof Error)) throw error;
      throw new Error(`A migration failed: ${reason.message}`, { cause: reason });
    } finally {
      await close();
    }
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'parley-migrate' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
