import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENVIRONMENT } from './binaries.ts';
import { clusterIn, type Place } from './place.ts';
import { isAlive } from './process-status.ts';

/** A running PostgreSQL server: one that this process started, or one that it found. */
export interface Postmaster {
  pid: number;
  port: number;
  /** Whether another process started it. */
  adopted: boolean;
  /** Settles when the server has ended. */
  exited: Promise<void>;
  /** Whether it has ended: from then on its number may be another process's. */
  ended: boolean;
}

const POLL_MS = 100;
/** How long connections that have been told to end may take to be gone: cut off, they would be noise in the log. */
const SMART_MS = 2_000;
/** How long a fast shutdown may take before an immediate one, and that one before a kill. */
const FAST_MS = 20_000;
const IMMEDIATE_MS = 5_000;

/** What a server prints before its log is open. It begins anew with each start. */
export const startupLog = (home: string): string => path.join(home, 'startup.log');

/**
 * Starts a server in a session of its own: neither Ctrl-C in the terminal nor the end of this process touches it.
 * @param settings The configuration file.
 */
export async function spawnPostmaster(
  { home, binaries, account }: Place,
  port: number,
  settings: string,
): Promise<Postmaster> {
  const cluster = clusterIn(home);
  const log = await open(startupLog(home), 'w', 0o600);
  try {
    const child = spawn(path.join(binaries.folder, 'bin/postgres'), ['-D', cluster, '-c', `config_file=${settings}`], {
      ...account,
      cwd: '/',
      env: ENVIRONMENT,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.unref();
    return track(Number(child.pid), port, false, exited);
  } finally {
    await log.close();
  }
}

/** Takes a running server as one's own. */
export function adoptPostmaster(pid: number, port: number): Postmaster {
  const watch = async () => {
    // The timer holds no process open: whoever lets go of the server just goes.
    while (await isAlive(pid)) await sleep(POLL_MS, undefined, { ref: false });
  };
  return track(pid, port, true, watch());
}

function track(pid: number, port: number, adopted: boolean, exited: Promise<void>): Postmaster {
  const postmaster: Postmaster = { pid, port, adopted, exited, ended: false };
  void exited.then(() => {
    postmaster.ended = true;
  });
  return postmaster;
}

/** Ends a server: connections that stay are cut and everything is written; one that takes too long recovers at its next start. */
export async function stopPostmaster(postmaster: Postmaster): Promise<void> {
  const steps: [NodeJS.Signals, number][] = [
    ['SIGTERM', SMART_MS],
    ['SIGINT', FAST_MS],
    ['SIGQUIT', IMMEDIATE_MS],
    ['SIGKILL', IMMEDIATE_MS],
  ];
  for (const [signal, patience] of steps) {
    signalPostmaster(postmaster, signal);
    const timer = new AbortController();
    const waited = sleep(patience, 'late', { signal: timer.signal }).catch(() => 'late');
    const outcome = await Promise.race([postmaster.exited, waited]);
    timer.abort();
    if (outcome !== 'late') return;
  }
}

/** Sends a signal to a server that may have ended already. */
export function signalPostmaster(postmaster: Postmaster, signal: NodeJS.Signals): void {
  if (!postmaster.ended) signalQuietly(postmaster.pid, signal);
}

/** Sends a signal to a process that may have ended just now. */
export function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
