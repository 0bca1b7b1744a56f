import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

export interface Running {
  /** What the process printed until it was ready. */
  output: string;
  stop(): Promise<void>;
}

/** Runs a TypeScript file as a process of its own and waits for a line that says that it is ready. */
export function run(file: string, args: string[], ready: RegExp, env: Record<string, string> = {}): Promise<Running> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--conditions=parley-source', '--import', 'tsx', join(ROOT, file), ...args],
    { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const stop = () =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null) return resolve();
      child.once('exit', () => resolve());
      child.kill('SIGTERM');
      return undefined;
    });
  return new Promise((resolve, reject) => {
    let output = '';
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}: ${output}`)));
    child.stdout?.on('data', (data: Buffer) => {
      output += data.toString();
      if (ready.test(output)) resolve({ output, stop });
    });
  });
}

export interface BenchServer extends Running {
  url: string;
}

export const OWNER = { email: 'bench@example.com', password: 'a password for benchmarks' };

/** A whole Parley in one process, on a data folder that goes when it stops, with `provider` as its model. */
export async function runServer(providerUrl: string): Promise<BenchServer> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  // PostgreSQL runs as a user of its own where this is root, and has to get there.
  await chmod(folder, 0o755);
  const running = await run('server/main.ts', [], /ready[\s\S]*GraphiQL/, {
    PORT: '0',
    HOST: '127.0.0.1',
    PARLEY_DATA: join(folder, 'data'),
    PARLEY_OWNER_EMAIL: OWNER.email,
    PARLEY_OWNER_PASSWORD: OWNER.password,
    OPENAI_BASE_URL: `${providerUrl}/v1`,
    OPENAI_API_KEY: 'bench',
    RATE_LIMIT_REQUESTS: '1000000',
    RATE_LIMIT_COST: '1000000000',
    LOG_LEVEL: 'warn',
  });
  const url = /http:\/\/localhost:\d+/.exec(running.output)?.[0] ?? '';
  return {
    ...running,
    url,
    stop: async () => {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
