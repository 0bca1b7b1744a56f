import { cp, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { readEnvironment } from '#core/environment';
import { createLog } from '#core/log';
import { ROLES } from '#server/role';
import { deriveSecrets } from '#server/secret';
import { type RunningServer, startServer } from '#server/start-server';
import { TestClient } from './client.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { atFileEnd } from './file-end.ts';
import { Seed } from './seed.ts';

export interface TestServer {
  url: string;
  database: TestDatabase;
  /** An anonymous caller. */
  client: TestClient;
  /** Makes organizations, people, agents and rooms, through the API. */
  seed: Seed;
  server: RunningServer;
  /** The database beneath, past every wall: to look at what clients cannot see. */
  pool(): pg.Pool;
}

/** Of every test server, for tests that sign a token themselves. */
export const TEST_SECRETS = deriveSecrets('a secret for tests, which is long enough for one');

/** Shown when a test says so: `LOG_LEVEL=debug npm test`. */
const logLevel = process.env.TEST_LOG_LEVEL ?? 'silent';

/**
 * Starts a whole server on a database and a port of its own, and stops it after the file's tests.
 * @param variables Environment variables beside those that a test server needs.
 * @param through Where the server finds its database instead: behind a proxy, for instance.
 */
export async function startTestServer(
  variables: Record<string, string> = {},
  through: (databaseUrl: string) => Promise<string> = async (url) => url,
): Promise<TestServer> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'parley-data-'));
  await takeSupergraph(dataFolder);
  const database = await createTestDatabase(inject('adminUrl'));
  const read = readEnvironment({
    PORT: '0',
    HOST: '127.0.0.1',
    RATE_LIMIT_REQUESTS: '100000',
    RATE_LIMIT_COST: '1000000000',
    LOG_LEVEL: logLevel,
    ...variables,
  });
  if ('problems' in read) throw new Error(read.problems.join('\n'));
  const server = await startServer({
    environment: read.environment,
    roles: new Set(ROLES),
    secrets: TEST_SECRETS,
    log: createLog({ level: read.environment.LOG_LEVEL, pretty: false }),
    databaseUrl: await through(database.url),
    dataFolder,
    version: 'test',
    alone: true,
  });
  await keepSupergraph(dataFolder);
  const url = `http://127.0.0.1:${server.port}`;
  const client = new TestClient(url);
  const seed = new Seed(client);
  let opened: pg.Pool | undefined;
  const pool = () => {
    opened ??= new pg.Pool({ connectionString: database.url, max: 3 });
    return opened;
  };
  atFileEnd(async () => {
    await seed.close();
    await client.close();
    await server.close();
    await opened?.end();
    await database.drop();
    await rm(dataFolder, { recursive: true, force: true });
  });
  return { url, database, client, seed, server, pool };
}

/** Composing takes a server most of its start, and all of a run compose the same. */
async function takeSupergraph(dataFolder: string): Promise<void> {
  await cp(inject('supergraphFolder'), dataFolder, { recursive: true }).catch(() => {});
}

async function keepSupergraph(dataFolder: string): Promise<void> {
  const shared = inject('supergraphFolder');
  const known = await readdir(shared).catch(() => []);
  if (known.length > 0) return;
  const isSupergraph = (source: string) => source === dataFolder || /supergraph-\w+\.graphql$/.test(source);
  // In one step: another worker must not find half of it.
  const whole = `${shared}-${process.pid}`;
  await cp(dataFolder, whole, { recursive: true, filter: isSupergraph });
  await rename(whole, shared).catch(() => rm(whole, { recursive: true, force: true }));
}
