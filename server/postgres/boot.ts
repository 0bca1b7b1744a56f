import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../start-error.ts';
import { failureReason } from './failure-reason.ts';
import { logIn } from './login.ts';
import { clusterIn, type Place } from './place.ts';
import { choosePort, forgetPort } from './port.ts';
import {
  adoptPostmaster,
  type Postmaster,
  signalQuietly,
  spawnPostmaster,
  startupLog,
  stopPostmaster,
} from './postmaster.ts';
import { disownPostmasterFile, readPostmasterFile } from './postmaster-file.ts';
import { isAlive, processesOfCluster, servesCluster } from './process-status.ts';
import { logFolder, writeSettings } from './settings.ts';

export interface BootOptions {
  place: Place;
  password: string;
  /** Stay on this port, since clients are bound to it. Without it a free one is chosen. */
  port?: number;
  onLog(line: string): void;
}

const POLL_MS = 20;
/** Replaying what a crash left can take minutes on a slow disk; the limit is there for a server that hangs. */
const READY_MS = 300_000;
const NOTICE_MS = 5_000;
/** How long the processes of a server that was killed may take to end. */
const LEFTOVER_MS = 30_000;
const RETRY_MS = 200;

/**
 * Brings up the server of a cluster: takes the one that runs, waits for one that shuts down, or starts one.
 * @throws StartError when it cannot run, with PostgreSQL's own reason.
 */
export async function boot({ place, password, port, onLog }: BootOptions): Promise<Postmaster> {
  const cluster = clusterIn(place.home);
  const deadline = Date.now() + LEFTOVER_MS;
  for (;;) {
    const running = await findRunning(cluster);
    const chosen = running?.port ?? port ?? (await choosePort(place.home));
    const postmaster = running ?? (await spawnPostmaster(place, chosen, await writeSettings(place.home, chosen)));
    if (await becomesReady(postmaster, cluster, password, onLog)) return postmaster;
    if (running) continue;

    const { sentence, isPortTaken, hasLeftovers } = await failureReason(place.home, postmaster.pid);
    if (Date.now() > deadline || !(isPortTaken || hasLeftovers)) {
      const logs = `${startupLog(place.home)} and ${logFolder(place.home)}`;
      throw new StartError(`PostgreSQL does not start (${sentence}): see ${logs}.`);
    }
    if (hasLeftovers) await endLeftovers(cluster);
    if (isPortTaken && port === undefined) await forgetPort(place.home);
    await sleep(RETRY_MS);
  }
}

async function findRunning(cluster: string): Promise<Postmaster | undefined> {
  const file = await readPostmasterFile(cluster);
  if (!file || !(await isAlive(file.pid))) return undefined;
  if (await servesCluster(file.pid, cluster)) return adoptPostmaster(file.pid, file.port);
  await disownPostmasterFile(cluster);
  return undefined;
}

/** Ends at once what still works for a server that is dead. */
async function endLeftovers(cluster: string): Promise<void> {
  const file = await readPostmasterFile(cluster);
  if (file && (await isAlive(file.pid)) && (await servesCluster(file.pid, cluster))) return;
  for (const pid of await processesOfCluster(cluster)) signalQuietly(pid, 'SIGQUIT');
}

/** Waits until the server takes connections. False when it ends instead. */
async function becomesReady(
  postmaster: Postmaster,
  cluster: string,
  password: string,
  onLog: (line: string) => void,
): Promise<boolean> {
  const begin = Date.now();
  let notice = begin + NOTICE_MS;
  while (!postmaster.ended) {
    const file = await readPostmasterFile(cluster);
    const port = file?.port || postmaster.port;
    const isReady = file?.pid === postmaster.pid && file.status === 'ready';
    const answer = isReady ? await logIn(cluster, port, password) : 'later';
    if (answer === 'ready') {
      postmaster.port = port;
      return true;
    }
    if (answer === 'wrong-password') {
      if (!postmaster.adopted) await stopPostmaster(postmaster);
      throw new StartError(
        `The database in ${cluster} has another password than secrets.json in the data folder: restore that file, or delete the data folder to start afresh without its data.`,
      );
    }
    if (answer === 'foreign')
      throw new StartError(`Another PostgreSQL than that of ${cluster} answers on port ${port}.`);
    if (Date.now() > begin + READY_MS) {
      throw new StartError(
        `PostgreSQL is still not ready after five minutes: see the log beside ${cluster}, and start again.`,
      );
    }
    if (Date.now() > notice) {
      onLog('PostgreSQL is recovering or shutting down; waiting for it …');
      notice = Number.POSITIVE_INFINITY;
    }
    await sleep(POLL_MS);
  }
  return false;
}
