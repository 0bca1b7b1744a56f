import pg from 'pg';
import { newId } from '#core/id';

/** `url` with another database of the same server. */
export function databaseUrl(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

export async function withAdmin<T>(url: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** How long connections that are being closed may take, in milliseconds, before they are cut. */
const UNUSED_WITHIN_MS = 3_000;

/** A connection that is cut while it is being closed has nobody left who listens: it would end the process of the tests. */
async function dropOnceUnused(admin: pg.Client, name: string): Promise<void> {
  const deadline = Date.now() + UNUSED_WITHIN_MS;
  for (;;) {
    const { rowCount } = await admin.query('select 1 from pg_stat_activity where datname = $1', [name]);
    if (rowCount === 0 || Date.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await admin.query(`drop database if exists ${name} with (force)`);
}

/** A database of its own with the present schema. */
export async function createTestDatabase(adminUrl: string): Promise<TestDatabase> {
  const name = `parley_${newId().replaceAll('-', '')}`;
  // Two copies of one template at the same moment disturb each other: the later one tries again.
  for (let tries = 0; ; tries++) {
    try {
      await withAdmin(adminUrl, (admin) => admin.query(`create database ${name} template parley_template`));
      break;
    } catch (error) {
      if ((error as { code?: string }).code !== '55006' || tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return {
    url: databaseUrl(adminUrl, name),
    drop: () => withAdmin(adminUrl, (admin) => dropOnceUnused(admin, name)),
  };
}
