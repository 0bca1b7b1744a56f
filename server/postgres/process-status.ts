import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether a process runs. One that has ended and was not yet collected by its parent counts as ended. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The state follows the command's name, which stands in parentheses and may hold anything.
  return status.slice(status.lastIndexOf(')') + 2).at(0) !== 'Z';
}

/**
 * Whether a process is the PostgreSQL server of a cluster, rather than one that was given the same number later.
 * @param cluster The data directory as the server was told it.
 */
export async function servesCluster(pid: number, cluster: string): Promise<boolean> {
  const resolved = await realpath(cluster).catch(() => cluster);
  // A PostgreSQL server works in its data directory.
  const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  if (workingDirectory !== undefined) return workingDirectory === resolved;
  const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.includes('postgres') && stdout.includes(cluster);
}

/**
 * The PostgreSQL processes that work in a cluster. After its server was killed, one of them can be so busy with a query
 * that it does not notice, and keeps the next server from starting. Empty on systems that have no `/proc`.
 */
export async function processesOfCluster(cluster: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
      return name.trim() === 'postgres' && (await servesCluster(pid, cluster));
    }),
  );
  return pids.filter((_, index) => found[index]);
}
