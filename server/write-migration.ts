/**
 * `npm run migration -- NAME`: writes the SQL for a changed schema. It works in databases of its own that are gone afterwards,
 * on the PostgreSQL of DATABASE_URL or, without that, on one that runs for as long as this takes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { writeMigration } from '#core/database/write-migration';
import { startPostgres } from './postgres/start-postgres.ts';

const [name = '', prismaFolder = join(import.meta.dirname, '..', 'prisma')] = process.argv.slice(2);
if (!/^[a-z][a-z0-9_]*$/.test(name)) {
  process.stderr.write('Usage: npm run migration -- NAME, where NAME is of small letters, digits and underscores.\n');
  process.exit(1);
}

async function withPostgres<T>(work: (url: string) => Promise<T>): Promise<T> {
  if (process.env.DATABASE_URL) return work(process.env.DATABASE_URL);
  const folder = await mkdtemp(join(tmpdir(), 'parley-migration-'));
  try {
    const postgres = await startPostgres({ dataFolder: folder, password: 'scratch', onLog: () => {} });
    try {
      return await work(postgres.url);
    } finally {
      await postgres.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  const file = await withPostgres((url) => writeMigration({ url, prismaFolder, name }));
  process.stdout.write(
    file === null ? 'The migrations make all that the schema says: nothing to write.\n' : `${relative('', file)}\n`,
  );
} catch (error) {
  process.stderr.write(
    `The migration could not be written: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
}
