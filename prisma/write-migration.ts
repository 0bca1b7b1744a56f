/**
 * `npm run migration -- NAME` writes the SQL that takes the schema of the existing migrations to that of `prisma/schema`.
 * It needs a scratch PostgreSQL in DATABASE_URL. What is not Prisma's (policies, grants) is added to the file by hand.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readMigrations, toMigrationList } from '#core/database/migration-folder';
import { openSchemaEngine } from '#core/database/schema-engine';

const name = process.argv[2];
const url = process.env.DATABASE_URL;
if (!name || !url) {
  process.stderr.write('Usage: DATABASE_URL=postgres://… npm run migration -- NAME\n');
  process.exit(1);
}
const folder = join(import.meta.dirname, 'migrations');
const schemaFolder = join(import.meta.dirname, 'schema');
const schemaFiles = (await readdir(schemaFolder)).filter((file) => file.endsWith('.prisma'));
const files = await Promise.all(
  schemaFiles.map(async (file) => ({ path: file, content: await readFile(join(schemaFolder, file), 'utf8') })),
);
const migrations = await readMigrations(folder);
const { engine } = await openSchemaEngine(url);
const { stdout } = await engine.diff({
  from: migrations.length > 0 ? { tag: 'migrations', ...toMigrationList(folder, migrations) } : { tag: 'empty' },
  to: { tag: 'schemaDatamodel', files },
  script: true,
  exitCode: null,
  filters: { externalTables: [], externalEnums: [] },
});
const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
const target = join(folder, `${stamp}_${name}`);
await mkdir(target);
await writeFile(join(target, 'migration.sql'), stdout ?? '');
process.stdout.write(`${target}/migration.sql\n`);
process.exit(0);
