import { randomUUID } from 'node:crypto';
import { access, chmod, chown, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StartError, systemCode } from '../start-error.ts';
import { type Account, accountFor, canEnter } from './account.ts';
import { type Binaries, usableBinaries } from './binaries.ts';
import { logFolder } from './settings.ts';

/** Where PostgreSQL's programs and files are, and who it runs as. */
export interface Place {
  /** Parley's own folder around the cluster, which `account` may enter and not change. */
  home: string;
  binaries: Binaries;
  /** Undefined: the present user. */
  account: Account | undefined;
}

/** Where root keeps what has to lie outside a folder that other users cannot enter. */
const SYSTEM_FOLDERS = ['/var/lib/parley', '/opt/parley', '/var/tmp/parley'];

/** The cluster itself: PostgreSQL's data directory. */
export const clusterIn = (home: string): string => path.join(home, 'data');

/**
 * Settles where PostgreSQL lives for a data folder: inside it, unless Parley runs as root and the account that PostgreSQL
 * runs as cannot get there. Then the database lies in a system folder, and `postgres/place` in the data folder says where.
 * @param dataFolder The data folder, with symbolic links resolved.
 * @throws StartError when there is no such place, or the recorded one is gone.
 */
export async function findPlace(dataFolder: string): Promise<Place> {
  const inside = path.join(dataFolder, 'postgres');
  const recorded = await readFile(path.join(inside, 'place'), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
  if (recorded !== undefined) await checkRecorded(recorded, dataFolder);
  const account = await accountFor(clusterIn(recorded ?? inside));
  const home = recorded ?? (await chooseHome(dataFolder, inside, account));
  await makeLogFolder(home, account);
  return { home, account, binaries: await usableBinaries(account, account ? SYSTEM_FOLDERS : [inside]) };
}

async function chooseHome(dataFolder: string, inside: string, account: Account | undefined): Promise<string> {
  await mkdir(inside, { recursive: true, mode: 0o700 });
  if (!account) return inside;
  await letThrough(dataFolder, account);
  await letThrough(inside, account);
  if (await canEnter(account, inside)) return inside;
  if (await exists(clusterIn(inside))) {
    throw new StartError(
      `PostgreSQL cannot reach its database in ${inside}, since other users may not enter a folder above it: move the data folder back, or start Parley as the user who owns the database.`,
    );
  }
  return await makeOutside(dataFolder, inside, account);
}

/** Root's folder stays closed to everyone else; the account may pass through it to a name that it knows. */
async function letThrough(folder: string, { uid, gid }: Account): Promise<void> {
  const { mode, uid: owner } = await stat(folder);
  if (owner === uid) return;
  await chown(folder, owner, gid);
  await chmod(folder, (mode & 0o700) | 0o010);
}

async function makeOutside(dataFolder: string, inside: string, account: Account): Promise<string> {
  for (const parent of SYSTEM_FOLDERS) {
    const home = path.join(parent, randomUUID());
    try {
      await mkdir(home, { recursive: true });
      // Whatever the umask says: the account passes through both and can list neither.
      await chmod(parent, 0o711);
      await chmod(home, 0o711);
      if (await canEnter(account, home)) {
        await writeFile(path.join(home, 'data-folder'), `${dataFolder}\n`);
        await writeFile(path.join(inside, 'place'), `${home}\n`);
        return home;
      }
      await rm(home, { recursive: true });
    } catch (error) {
      if (!['EACCES', 'EROFS', 'EPERM', 'ENOTDIR', 'EEXIST'].includes(systemCode(error) ?? '')) throw error;
    }
  }
  throw new StartError(
    `PostgreSQL does not run as root, and its own user can reach neither ${dataFolder} nor a folder below ${SYSTEM_FOLDERS[0]}: set PARLEY_DATA to a folder that other users may enter.`,
  );
}

/** A data folder that was moved takes its database along; a copy of one must not run on the original's database. */
async function checkRecorded(home: string, dataFolder: string): Promise<void> {
  const ownerFile = path.join(home, 'data-folder');
  if (!(await exists(home))) {
    throw new StartError(
      `The database of ${dataFolder} was in ${home} and is gone: put it back, or delete ${dataFolder} to start afresh.`,
    );
  }
  const owner = (await readFile(ownerFile, 'utf8')).trim();
  if (owner === dataFolder) return;
  const owners = await readFile(path.join(owner, 'postgres', 'place'), 'utf8').catch(() => '');
  const isSame = (await realpath(owner).catch(() => owner)) === dataFolder;
  if (!isSame && owners.trim() === home) {
    throw new StartError(
      `${dataFolder} is a copy of ${owner} and shares its database in ${home}: delete the copy, or set PARLEY_DATA to a new folder.`,
    );
  }
  await writeFile(ownerFile, `${dataFolder}\n`);
}

async function makeLogFolder(home: string, account: Account | undefined): Promise<void> {
  await mkdir(logFolder(home), { recursive: true, mode: 0o700 });
  if (account) await chown(logFolder(home), account.uid, account.gid);
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );
