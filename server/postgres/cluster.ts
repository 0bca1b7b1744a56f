import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { StartError } from '../start-error.ts';
import { ENVIRONMENT } from './binaries.ts';
import { clusterIn, type Place } from './place.ts';

const run = promisify(execFile);

/** The administrator of the embedded server. Its password is the data folder's own. */
export const ADMINISTRATOR = 'postgres';

const NEXT = 'data.new-';

/**
 * Makes the cluster at the first start. It is made under another name and renamed when it is whole, so that a crash in
 * between leaves nothing that looks like a database.
 * @param password Of the administrator.
 * @throws StartError when the cluster is of another major version, or cannot be made.
 */
export async function ensureCluster(place: Place, password: string): Promise<void> {
  const cluster = clusterIn(place.home);
  const names = await readdir(place.home);
  for (const name of names.filter((each) => each.startsWith(NEXT))) {
    // Its initdb may still run for a moment and make files in it: removing is tried for some five seconds.
    await rm(path.join(place.home, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
  if (names.includes('data')) await checkVersion(place);
  else await create(place, cluster, password);
}

async function checkVersion({ home, binaries }: Place): Promise<void> {
  const cluster = clusterIn(home);
  const has = (await readFile(path.join(cluster, 'PG_VERSION'), 'utf8').catch(() => 'unknown')).trim();
  const needs = binaries.version.split('.')[0];
  if (has === needs) return;
  throw new StartError(
    `The database in ${cluster} is of PostgreSQL ${has} and this Parley brings PostgreSQL ${needs}: start the Parley that made it, or set PARLEY_DATA to a new folder.`,
  );
}

async function create({ home, binaries, account }: Place, cluster: string, password: string): Promise<void> {
  const next = path.join(home, `${NEXT}${randomUUID()}`);
  const passwordFile = `${next}.password`;
  await mkdir(next, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account) {
    await chown(next, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }
  // Sorting and case by code point and Unicode, from PostgreSQL itself: the same on every system.
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--encoding=UTF8'];
  const login = [`--username=${ADMINISTRATOR}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  try {
    await run(path.join(binaries.folder, 'bin/initdb'), [`--pgdata=${next}`, ...locale, ...login], {
      ...account,
      cwd: home,
      env: ENVIRONMENT,
    });
    await rename(next, cluster);
  } catch (error) {
    await rm(next, { recursive: true, force: true });
    throw new StartError(`The database could not be made in ${home}: ${reasonOf(error)}`, { cause: error });
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** The line in which initdb says what failed, such as a full disk. */
function reasonOf(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /fatal|panic|error/i.test(line)) ?? lines.at(-1) ?? said).trim();
}
