import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdir, readlink } from 'node:fs/promises';
import { createInterface } from 'node:readline';

const NOBODY = 65_534;

/**
 * A normal user whom root can run a fixture as; undefined when the tests do not run as root, or when other users cannot
 * read this checkout or Node.
 */
export const OTHER_USER: number | undefined = (() => {
  if (process.geteuid?.() !== 0) return undefined;
  const script = 'require("node:fs").readFileSync(process.argv[1])';
  const { status } = spawnSync(process.execPath, ['-e', script, import.meta.filename], { uid: NOBODY, gid: NOBODY });
  return status === 0 ? NOBODY : undefined;
})();

/** A TypeScript file that runs as its own process, for tests that kill it. */
export interface FixtureProcess {
  child: ChildProcess;
  /** The next line that it prints on standard output. Rejects with what it printed on standard error when it ends first. */
  nextLine(): Promise<string>;
  /** Sends a signal and waits for the end. Resolves to the exit code; null when the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts `node file args`.
 * @param file The path of a `.ts` file.
 * @param uid Another user to run it as, in the group of the same number; only for root.
 */
export function startFixture(file: string, args: string[], uid?: number): FixtureProcess {
  const child = spawn(process.execPath, ['--conditions=parley-source', '--import', 'tsx', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    nextLine: async () => {
      const { value, done } = await lines.next();
      if (done) {
        await ended;
        throw new Error(errors);
      }
      return value;
    },
    end: async (signal) => {
      child.kill(signal);
      return await ended;
    },
  };
}

/** The processes that work in a folder. Empty on systems that have no `/proc`. */
export async function processesIn(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => ({ pid, cwd: await readlink(`/proc/${pid}/cwd`).catch(() => '') })),
  );
  return found.filter(({ cwd }) => cwd.startsWith(folder)).map(({ pid }) => Number(pid));
}
