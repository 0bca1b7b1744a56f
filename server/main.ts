import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isConnectionFailure } from '#core/database/failure';
import { type Environment, readEnvironment } from '#core/environment';
import { createLog, type Logger } from '#core/log';
import { type DataFolder, openDataFolder, prepareDataFolder } from './data-folder.ts';
import { greet } from './greeting.ts';
import { explainListenFailure } from './listen-failure.ts';
import { checkPorts } from './port-check.ts';
import { type EmbeddedPostgres, startPostgres } from './postgres/start-postgres.ts';
import { ensureRedis } from './redis-check.ts';
import { isWhole, ROLES, type Role, readRoles } from './role.ts';
import { ensureSchema } from './schema-check.ts';
import { openSecrets } from './secret.ts';
import { StartError } from './start-error.ts';
import { stopOnSignal } from './stop-on-signal.ts';

/** What has to be let go of when the process ends, the last one first. */
const opened: (() => Promise<void>)[] = [];

/** How long what is under way may go on when the process is told to end. */
let graceMs = 0;

const closeAll = async (): Promise<void> => {
  for (const step of opened.splice(0).reverse()) await step();
};

function readSettings(): Environment {
  const read = readEnvironment(process.env);
  if ('environment' in read) return read.environment;
  throw new StartError(read.problems.map((problem) => `The environment variable ${problem}`).join('\n'));
}

/** @throws StartError where the roles need servers that are not named. */
function checkRoles(roles: ReadonlySet<Role>, { DATABASE_URL, REDIS_URL }: Environment): void {
  if (isWhole(roles)) return;
  const missing = [!DATABASE_URL && 'DATABASE_URL', !REDIS_URL && 'REDIS_URL'].filter(Boolean);
  if (missing.length === 0) return;
  throw new StartError(
    `A process with only the roles ${[...roles].join(', ')} works with others through PostgreSQL and Redis: set ${missing.join(' and ')}, or leave --roles out to run everything in one process.`,
  );
}

async function openDatabaseServer(environment: Environment, folder: string, password: string, log: Logger) {
  if (environment.DATABASE_URL) return { url: environment.DATABASE_URL, embedded: false };
  const postgres: EmbeddedPostgres = await startPostgres({
    dataFolder: folder,
    password,
    onLog: (line) => log.debug({ part: 'postgres' }, line),
    onExit: () => log.warn('PostgreSQL has ended unexpectedly and is being started again'),
    onRestart: () => log.info('PostgreSQL is up again'),
  });
  opened.push(() => postgres.stop());
  return { url: postgres.url, embedded: true };
}

async function main(): Promise<void> {
  const startedAt = performance.now();
  const roles = readRoles(process.argv.slice(2));
  const environment = readSettings();
  graceMs = environment.SHUTDOWN_GRACE_SECONDS * 1_000;
  checkRoles(roles, environment);
  const log = createLog({
    level: environment.LOG_LEVEL,
    pretty: environment.LOG_PRETTY ?? process.stdout.isTTY === true,
  });
  // An embedded database has one owner; with a database elsewhere, several processes may share the folder.
  let held: DataFolder | null = null;
  if (!environment.DATABASE_URL) {
    held = await openDataFolder(environment.PARLEY_DATA);
    opened.push(held.close.bind(held));
  }
  const dataFolder = held?.path ?? (await prepareDataFolder(environment.PARLEY_DATA));
  // After the folder: of two starts on one folder, the second is told that, and not that a port is taken.
  await checkPorts(roles, environment);

  // Reading the code takes as long as starting PostgreSQL: both at once.
  const loading = import('./start-server.ts');
  loading.then(({ loadRoles }) => loadRoles(roles)).catch(() => {});
  const secrets = await openSecrets({
    dataFolder,
    masterSecret: environment.PARLEY_SECRET,
    onWarning: (message) => log.warn(message),
  });
  const { url, embedded } = await openDatabaseServer(environment, dataFolder, secrets.databasePassword, log);
  await Promise.all([
    ensureSchema(url, { embedded, log }),
    environment.REDIS_URL === undefined ? null : ensureRedis(environment.REDIS_URL),
  ]);

  const { startServer } = await loading;
  const server = await startServer({
    environment,
    roles,
    secrets,
    log,
    databaseUrl: url,
    dataFolder,
    version: await readVersion(),
    alone: embedded && roles.size === ROLES.length,
  }).catch((error: unknown) => {
    throw explainListenFailure(error, environment.HOST, 'PORT') ?? explainDatabaseLoss(error) ?? error;
  });
  opened.push(() => server.close());
  if (server.port !== null) {
    const base = environment.PUBLIC_URL ?? `http://localhost:${server.port}`;
    held?.announce(base);
    greet({ base, welcome: server.welcome, dataFolder, seconds: (performance.now() - startedAt) / 1000 });
    if (server.welcome) await server.welcomed();
  } else {
    process.stdout.write(`Parley is ready: ${[...roles].join(', ')}\n`);
  }
}

/** The database was there when the schema was looked at. */
const explainDatabaseLoss = (error: unknown): StartError | null =>
  isConnectionFailure(error)
    ? new StartError(
        'The database stopped answering while Parley was starting: see that it runs and has connections and time to spare, then start again.',
        { cause: error },
      )
    : null;

async function readVersion(): Promise<string> {
  // From the sources it is one folder up, from the build two.
  for (const folder of ['..', '../..']) {
    const text = await readFile(join(import.meta.dirname, folder, 'package.json'), 'utf8').catch(() => null);
    if (text) return (JSON.parse(text) as { version: string }).version;
  }
  return 'unknown';
}

stopOnSignal(closeAll, () => graceMs);

try {
  await main();
} catch (error) {
  const text =
    error instanceof StartError ? error.message : `Parley could not start. ${String((error as Error)?.stack ?? error)}`;
  process.stderr.write(`${text}\n`);
  await closeAll().catch(() => {});
  process.exit(1);
}
