import { realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { boot } from './boot.ts';
import { ensureCluster } from './cluster.ts';
import { urlOf } from './login.ts';
import { findPlace } from './place.ts';
import { signalPostmaster, stopPostmaster } from './postmaster.ts';

export interface PostgresOptions {
  /** The data folder, which this process holds. */
  dataFolder: string;
  /** Of the administrator: `databasePassword` of the secrets. */
  password: string;
  /** Told in a line what a person who waits may want to know. */
  onLog(line: string): void;
  /** Told when the server ended though nobody stopped it. It is started again on the same port. */
  onExit?(): void;
  /** Told when it takes connections again. */
  onRestart?(): void;
}

/** The PostgreSQL that belongs to a data folder. */
export interface EmbeddedPostgres {
  /** Connects the administrator to Parley's database. Holds the password: never log it. */
  readonly url: string;
  readonly port: number;
  /** Whether it ran already: the process that had started it was killed. */
  readonly adopted: boolean;
  /** Stops it and everything that belongs to it. Call it last, when nothing needs the database any more. */
  stop(): Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Runs the PostgreSQL of a data folder, which is made at the first start. When this process ends in an orderly way without
 * `stop()`, the server is told to stop too; after a `kill -9` it runs on, and the next call takes it over.
 * @throws StartError, in one sentence for the person who started Parley.
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const { password, onLog } = options;
  const place = await findPlace(await realpath(options.dataFolder));
  await ensureCluster(place, password);
  let postmaster = await boot({ place, password, onLog });
  const { port, adopted } = postmaster;
  const stopping = new AbortController();

  const keepRunning = async () => {
    for (;;) {
      await postmaster.exited;
      if (stopping.signal.aborted) return;
      onLog('PostgreSQL has ended unexpectedly; starting it again.');
      options.onExit?.();
      const next = await bootAgain();
      if (!next) return;
      postmaster = next;
      if (stopping.signal.aborted) return await stopPostmaster(postmaster);
      options.onRestart?.();
    }
  };
  const bootAgain = async () => {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      if (stopping.signal.aborted) return undefined;
      try {
        return await boot({ place, password, port, onLog });
      } catch (error) {
        onLog(error instanceof Error ? error.message : String(error));
      }
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const kept = keepRunning();

  const stopAtExit = () => signalPostmaster(postmaster, 'SIGINT');
  process.once('exit', stopAtExit);
  const stop = async () => {
    stopping.abort();
    await stopPostmaster(postmaster);
    await kept;
    process.off('exit', stopAtExit);
  };
  let stopped: Promise<void> | undefined;
  return {
    url: urlOf(port, password),
    port,
    adopted,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
