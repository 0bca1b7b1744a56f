import { randomUUID } from 'node:crypto';
import { mkdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { holdDataFolder } from './data-folder-lock.ts';
import { StartError, systemCode } from './start-error.ts';

/** The folder in which a server keeps its database, secrets and caches, held by this process alone. */
export interface DataFolder {
  /** The absolute path, with symbolic links resolved. */
  readonly path: string;
  /** Tells a second server on this folder where this one is reached. */
  announce(url: string): void;
  /** Lets go of the folder. The next server may have it at once, as it may after a crash. */
  close(): Promise<void>;
}

const ELSEWHERE = 'set PARLEY_DATA to a folder that you may write to';

/**
 * Creates the data folder where it is missing, checks that it can be written to, and holds it against a second server.
 * @param folder The path, taken from the working directory when it is relative.
 * @throws StartError when the folder cannot be used, or when another server uses it.
 */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const resolved = await prepareDataFolder(folder);
  const hold = await holdDataFolder(resolved);
  return { path: resolved, announce: hold.announce, close: hold.release };
}

/**
 * The same without holding it: for the processes of an installation whose database is elsewhere, which may share it.
 * @returns the absolute path, with symbolic links resolved.
 * @throws StartError when the folder cannot be made or written to.
 */
export async function prepareDataFolder(folder: string): Promise<string> {
  const wanted = path.resolve(folder);
  await create(wanted);
  await checkOwner(wanted);
  await checkWritable(wanted);
  return realpath(wanted);
}

async function create(folder: string): Promise<void> {
  try {
    await makeMissing(folder);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      throw new StartError(`The data folder ${folder} is in the way of a file: move the file, or ${ELSEWHERE}.`);
    }
    throw new StartError(`The data folder ${folder} cannot be made (${code}): ${ELSEWHERE}.`, { cause: error });
  }
}

/**
 * Makes a folder and those above it. Node's own recursive way never returns where the system refuses with ENOENT though the
 * parent is there, as below /proc.
 */
async function makeMissing(folder: string): Promise<void> {
  const isThere = async () => (await stat(folder).catch(() => null))?.isDirectory() ?? false;
  if (await isThere()) return;
  const parent = path.dirname(folder);
  if (parent !== folder) await makeMissing(parent);
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it just now.
    if (!(await isThere())) throw error;
  }
}

async function checkOwner(folder: string): Promise<void> {
  const { uid } = await stat(folder);
  const self = process.geteuid?.() ?? uid;
  if (self !== 0 && uid !== self) {
    throw new StartError(
      `The data folder ${folder} belongs to another user (uid ${uid}): start Parley as that user, or ${ELSEWHERE}.`,
    );
  }
}

async function checkWritable(folder: string): Promise<void> {
  const probe = path.join(folder, `.probe-${randomUUID()}`);
  try {
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw new StartError(`The data folder ${folder} is not writable (${systemCode(error)}): ${ELSEWHERE}.`, {
      cause: error,
    });
  }
}
