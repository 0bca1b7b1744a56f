import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** What is kept of a log-in. */
export interface StoredSession {
  accessToken: string;
  refreshToken: string;
  /** When the access token expires, ISO 8601. */
  expiresAt: string;
}

/** Where a log-in is kept between runs. */
export interface SessionStore {
  read(): Promise<StoredSession | null>;
  /** @param session Null forgets it. */
  write(session: StoredSession | null): Promise<void>;
  /** Runs the work while no other process does the like. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/** Keeps a log-in for as long as the process runs. */
export function memoryStore(): SessionStore {
  let kept: StoredSession | null = null;
  return {
    read: async () => kept,
    write: async (session) => {
      kept = session;
    },
    exclusively: (work) => work(),
  };
}

/** `~/.config/parley`, or where XDG_CONFIG_HOME says. */
export const configFolder = (environment: NodeJS.ProcessEnv): string =>
  path.join(environment.XDG_CONFIG_HOME ?? path.join(homedir(), '.config'), 'parley');

/** A lock older than this was left behind by a process that is gone; in milliseconds. */
const LOCK_LIFETIME = 15_000;

/** Keeps the log-ins of one user in `session.json`, one for each server, readable by nobody else. */
export function fileStore(folder: string, origin: string): SessionStore {
  const file = path.join(folder, 'session.json');
  const lock = `${file}.lock`;

  const readAll = async (): Promise<Record<string, StoredSession>> => {
    try {
      return JSON.parse(await readFile(file, 'utf8')) as Record<string, StoredSession>;
    } catch {
      // There is none yet, or it is spoilt: then one logs in again.
      return {};
    }
  };

  const acquire = async (): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (;;) {
      try {
        await (await open(lock, 'wx', 0o600)).close();
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        const age = Date.now() - ((await stat(lock).catch(() => null))?.mtimeMs ?? Date.now());
        if (age > LOCK_LIFETIME) await rm(lock, { force: true });
        else await wait(50);
      }
    }
  };

  return {
    read: async () => (await readAll())[origin] ?? null,
    async write(session) {
      const { [origin]: _, ...others } = await readAll();
      const next = session ? { ...others, [origin]: session } : others;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const draft = `${file}.${randomUUID()}`;
      await writeFile(draft, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
      await rename(draft, file);
    },
    async exclusively(work) {
      await acquire();
      try {
        return await work();
      } finally {
        await rm(lock, { force: true });
      }
    },
  };
}
