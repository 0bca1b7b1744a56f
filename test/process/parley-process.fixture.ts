import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `npm start` as its own process, without npm. */
export interface ParleyProcess {
  readonly pid: number;
  /** What it printed on standard output so far. */
  output(): string;
  /** What it printed on standard error so far. */
  errors(): string;
  /** Resolves once it says that it is ready. @throws where it ends before, with what it printed. */
  ready(): Promise<void>;
  /** The address of its gateway, once it is ready. */
  url(): string;
  /** Sends a signal; resolves to the exit code once it has ended, null where the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Stops its clock, so that it answers nothing, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Resolves once it has ended by itself. */
  exitCode(): Promise<number | null>;
}

const running = new Set<ChildProcess>();

/**
 * Starts a server.
 * @param variables All of its environment but for what Node itself needs.
 * @param args What stands behind `npm start --`.
 * @param uid Another user to run it as, in the group of the same number; only for root.
 */
export function startParley(variables: Record<string, string>, args: string[] = [], uid?: number): ParleyProcess {
  const { PATH = '', HOME = '', TMPDIR } = process.env;
  const child = spawn(process.execPath, ['bin/start.mjs', ...args], {
    cwd: ROOT,
    env: { PATH, HOME, ...(TMPDIR && { TMPDIR }), ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  running.add(child);
  let output = '';
  let errors = '';
  const listeners = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const closed = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  const isReady = () => output.includes('Parley is ready');
  return {
    pid: child.pid ?? 0,
    output: () => output,
    errors: () => errors,
    async ready() {
      const said = new Promise<void>((resolve) => {
        const look = () => void (isReady() && resolve());
        listeners.add(look);
        look();
      });
      await Promise.race([said, closed]);
      if (!isReady()) throw new Error(`The server ended: ${errors}\n${output}`);
    },
    url() {
      const port = /http:\/\/localhost:(\d+)\/graphql/.exec(output)?.[1];
      if (!port) throw new Error(`The server did not say where it listens: ${output}`);
      return `http://127.0.0.1:${port}`;
    },
    async end(signal) {
      child.kill(signal);
      return await closed;
    },
    signal: (signal) => void child.kill(signal),
    exitCode: () => closed,
  };
}

/** Ends what a test has left running. */
export async function endAll(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      child.kill('SIGKILL');
      await once(child, 'close');
    }),
  );
}
