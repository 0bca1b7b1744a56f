import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { StartError } from '../start-error.ts';

const run = promisify(execFile);

/** The user that PostgreSQL runs as when Parley itself runs as root, which PostgreSQL refuses. */
export interface Account {
  uid: number;
  gid: number;
}

const NAME = 'postgres';

/** The commands of Debian, Red Hat and their kin, then those of Alpine and BusyBox. */
const WAYS_TO_CREATE = [
  [['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', NAME]],
  [
    ['addgroup', '-S', NAME],
    ['adduser', '-S', '-D', '-H', '-s', '/sbin/nologin', '-G', NAME, NAME],
  ],
];

/**
 * The account for PostgreSQL: undefined for a normal user, who runs it as itself. Root is given the owner of an existing
 * cluster, otherwise the user `postgres`, which is created where it is missing.
 * @param cluster The data directory, which may not exist yet.
 * @throws StartError when root has nobody to run PostgreSQL as.
 */
export async function accountFor(cluster: string): Promise<Account | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  const owner = await stat(cluster).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const account = (await find()) ?? (await create());
  if (!account) {
    throw new StartError(
      `PostgreSQL does not run as root, and the user ${NAME} cannot be created: start Parley as a normal user, or set DATABASE_URL.`,
    );
  }
  return account;
}

async function find(): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', NAME]), run('id', ['-g', NAME])]);
    return { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) };
  } catch {
    return undefined;
  }
}

async function create(): Promise<Account | undefined> {
  for (const commands of WAYS_TO_CREATE) {
    for (const [command = '', ...args] of commands) await run(command, args).catch(() => undefined);
    const account = await find();
    if (account) return account;
  }
  return undefined;
}

/** Whether the account can enter a folder, as the system itself decides it. */
export async function canEnter(account: Account, folder: string): Promise<boolean> {
  try {
    await run('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...account, cwd: '/' });
    return true;
  } catch {
    return false;
  }
}
