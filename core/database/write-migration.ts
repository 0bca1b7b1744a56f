import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Migration, readMigrations, toMigrationList } from './migration-folder.ts';
import { openSchemaEngine } from './schema-engine.ts';

export interface MigrationToWrite {
  /** A PostgreSQL whose user may create databases. The one that is named stays as it is. */
  url: string;
  /** Where `migrations/` and `schema/` lie. */
  prismaFolder: string;
  /** What the change is about, as the end of the folder's name: small letters, digits, underscores. */
  name: string;
}

/** What the engine prints where there is nothing to do. */
const NOTHING = '-- This is an empty migration.';

/**
 * Writes the SQL that takes what the existing migrations make to what the schema files say. What is not Prisma's (policies,
 * grants, functions, partial indexes) it neither sees nor touches: that is added to the file by hand.
 * @returns The file that was written, or null where the migrations make all that the schema says.
 * @throws Error with what PostgreSQL said where one of the existing migrations fails on an empty database.
 */
export async function writeMigration({ url, prismaFolder, name }: MigrationToWrite): Promise<string | null> {
  const folder = join(prismaFolder, 'migrations');
  const migrations = await readMigrations(folder);
  const sql = await diff(url, join(prismaFolder, 'schema'), folder, migrations);
  if (sql.trim() === '' || sql.startsWith(NOTHING)) return null;
  const target = join(folder, `${nextStamp(migrations, new Date())}_${name}`);
  await mkdir(target);
  const file = join(target, 'migration.sql');
  await writeFile(file, sql);
  return file;
}

async function diff(url: string, schemaFolder: string, folder: string, migrations: Migration[]): Promise<string> {
  const names = (await readdir(schemaFolder)).filter((file) => file.endsWith('.prisma'));
  const files = await Promise.all(
    names.sort().map(async (path) => ({ path, content: await readFile(join(schemaFolder, path), 'utf8') })),
  );
  const { engine, scriptFailure, close } = await openSchemaEngine(url);
  try {
    const { stdout } = await engine.diff({
      from: migrations.length > 0 ? { tag: 'migrations', ...toMigrationList(folder, migrations) } : { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    return stdout ?? '';
  } catch (error) {
    const reason = scriptFailure();
    if (!(reason instanceof Error)) throw error;
    throw new Error(`An existing migration fails on an empty database: ${reason.message}`, { cause: reason });
  } finally {
    await close();
  }
}

/** The second that it is, in UTC; one after the last migration where that one is dated later, since their order is by name. */
export function nextStamp(migrations: Migration[], now: Date): string {
  const stamp = now.toISOString().replace(/\D/g, '').slice(0, 14);
  const last = migrations.at(-1)?.name.slice(0, 14) ?? '';
  return stamp > last ? stamp : String(Number(last) + 1);
}
