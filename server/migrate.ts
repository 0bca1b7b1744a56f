/** `npm run migrate`: brings the database of DATABASE_URL up to date, for installations that run their own PostgreSQL. */
import { migrate } from '#core/database/migrate';
import { MIGRATIONS_FOLDER } from './schema-check.ts';

const url = process.env.DATABASE_URL;
if (!url) {
  process.stderr.write(
    'Set DATABASE_URL to the database to be migrated. An embedded one is migrated when Parley starts.\n',
  );
  process.exit(1);
}
try {
  const names = await migrate(url, MIGRATIONS_FOLDER);
  process.stdout.write(names.length > 0 ? `Applied: ${names.join(', ')}\n` : 'The database is up to date.\n');
} catch (error) {
  process.stderr.write(`The migration failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
