import { realpath } from 'node:fs/promises';
import pg from 'pg';
import { systemCode } from '../start-error.ts';
import { ADMINISTRATOR } from './cluster.ts';
import { HOST } from './port.ts';

/** The database that Parley uses. */
const DATABASE = 'parley';

/** PostgreSQL's codes: a wrong password; a server that starts up, shuts down or recovers. */
const WRONG_PASSWORD = '28P01';
const CANNOT_CONNECT_NOW = '57P03';

/** The connection string of the administrator. */
export const urlOf = (port: number, password: string, database = DATABASE): string =>
  `postgresql://${ADMINISTRATOR}:${encodeURIComponent(password)}@${HOST}:${port}/${database}`;

/**
 * Logs in, makes sure that the server is the cluster's own, and creates Parley's database where it is missing.
 * @returns `later` when the server takes no connections now; `foreign` when another server answers on the port.
 */
export async function logIn(
  cluster: string,
  port: number,
  password: string,
): Promise<'ready' | 'later' | 'wrong-password' | 'foreign'> {
  const client = new pg.Client({ connectionString: urlOf(port, password, 'postgres'), connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ directory: string; has: boolean }>(
      `select current_setting('data_directory') as directory,
              exists (select from pg_database where datname = $1) as has`,
      [DATABASE],
    );
    const [row] = rows;
    if (!row || (await realpath(row.directory)) !== (await realpath(cluster))) return 'foreign';
    if (!row.has) await client.query(`create database ${client.escapeIdentifier(DATABASE)}`);
    return 'ready';
  } catch (error) {
    const code = systemCode(error);
    if (code === WRONG_PASSWORD) return 'wrong-password';
    // Besides the state that PostgreSQL names, a connection can be refused or cut while the server comes or goes.
    if (code === CANNOT_CONNECT_NOW || !(error instanceof pg.DatabaseError)) return 'later';
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
