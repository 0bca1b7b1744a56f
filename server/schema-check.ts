import { join } from 'node:path';
import { inspectSchema, migrate, type SchemaState } from '#core/database/migrate';
import type { Logger } from '#core/log';
import { StartError } from './start-error.ts';

/** Beside the code: `prisma/migrations` is copied into the build. */
export const MIGRATIONS_FOLDER = join(import.meta.dirname, '..', 'prisma', 'migrations');

const list = (names: string[]): string => names.join(', ');

export interface SchemaCheckOptions {
  /** Whether the database belongs to this installation alone. */
  embedded: boolean;
  log: Logger;
  /** Where the migrations are; those of this code without it. */
  folder?: string;
}

/**
 * Makes sure that the database has the schema of this code. An empty database is set up, and an embedded one, which
 * belongs to this installation alone, is brought up to date; any other is left to the operator.
 * @throws StartError where the schema does not fit, saying what to run.
 */
export async function ensureSchema(url: string, options: SchemaCheckOptions): Promise<void> {
  const { embedded, log, folder = MIGRATIONS_FOLDER } = options;
  const found = await inspect(url, folder);
  switch (found.state) {
    case 'current':
      return;
    case 'empty':
      return void (await apply(url, folder));
    case 'older':
      if (embedded) {
        const migrations = await apply(url, folder);
        log.info({ migrations }, 'the database has been brought up to date');
        return;
      }
      throw new StartError(
        `The database is older than this version of Parley (missing: ${list(found.pending)}): run \`npm run migrate\`, then start again.`,
      );
    case 'newer':
      throw new StartError(
        `The database was set up by a newer version of Parley (it has: ${list(found.unknown)}): start that version, or restore a backup from before the upgrade.`,
      );
    case 'changed':
      throw new StartError(
        `The database was set up by another build of Parley (differs in: ${list(found.changed)}): start the build that made it, or use another database.`,
      );
    case 'failed':
      throw new StartError(
        `A migration of the database was interrupted (${list(found.failed)}): restore a backup, or undo it by hand and mark it with \`prisma migrate resolve\`.`,
      );
  }
}

async function inspect(url: string, folder: string): Promise<SchemaState> {
  try {
    return await inspectSchema(url, folder);
  } catch (error) {
    const reason = error instanceof Error && error.message ? error.message : 'no answer';
    throw new StartError(`The database cannot be reached (${reason}): check DATABASE_URL and that PostgreSQL runs.`, {
      cause: error,
    });
  }
}

async function apply(url: string, folder: string): Promise<string[]> {
  return migrate(url, folder).catch((error: unknown) => {
    throw new StartError(
      `The database could not be set up (${firstLine(error)}): give Parley an empty database and a user who may create roles and tables in it.`,
      { cause: error },
    );
  });
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n').find((line) => line.trim() !== '') ?? 'unknown';
