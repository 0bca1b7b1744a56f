import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '#core/free-port.fixture';
import { urlOf } from '#server/postgres/login';
import { clusterIn } from '#server/postgres/place';
import { readPostmasterFile } from '#server/postgres/postmaster-file';
import { openSecrets } from '#server/secret';
import { TestClient } from './client.ts';
import { PASSWORD } from './seed.ts';

const OWNER = 'owner@example.com';
const READY_WITHIN_MS = 90_000;

/** A whole server as its own process, to be killed and started again on the same folder and port. */
export class ServerProcess {
  /** Everything that it has printed, of all its lives. */
  output = '';
  private starts = 0;
  private child: ChildProcess | null = null;

  private constructor(
    readonly dataFolder: string,
    readonly port: number,
    private readonly variables: Record<string, string>,
  ) {}

  /** Makes a data folder, and starts a server on it. */
  static async create(variables: Record<string, string> = {}): Promise<ServerProcess> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'parley-process-')));
    // PostgreSQL, which is not root, has to get there.
    await chmod(folder, 0o755);
    const server = new ServerProcess(folder, await freePort(), variables);
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Starts it and waits until it says that it is ready. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, ['dist/server/main.js'], {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        PARLEY_DATA: this.dataFolder,
        HOST: '127.0.0.1',
        PORT: String(this.port),
        PARLEY_OWNER_EMAIL: OWNER,
        PARLEY_OWNER_PASSWORD: PASSWORD,
        RATE_LIMIT_REQUESTS: '100000',
        RATE_LIMIT_COST: '1000000000',
        LOG_LEVEL: 'warn',
        SHUTDOWN_GRACE_SECONDS: '4',
        ...this.variables,
      },
    });
    this.child = child;
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    const deadline = Date.now() + READY_WITHIN_MS;
    this.starts += 1;
    // Not `/readyz`: it is up a moment before the first owner is.
    while (this.output.split('Parley is ready').length - 1 < this.starts) {
      if (child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`The server did not start (exit code ${child.exitCode}):\n${this.output}`);
      }
      await sleep(50);
    }
  }

  /** Sends a signal to the server alone, not to its PostgreSQL. */
  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Sends a signal and waits for the end. Resolves to the exit code, null where the signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
    return child.exitCode;
  }

  /** Somebody who is logged in as the owner of the installation. */
  async owner(): Promise<TestClient> {
    const { logIn } = await new TestClient(this.url).request<{ logIn: { accessToken: string } }>(
      'mutation ($input: LogInInput!) { logIn(input: $input) { accessToken } }',
      { input: { email: OWNER, password: PASSWORD } },
    );
    return new TestClient(this.url, logIn.accessToken);
  }

  /** The number of the process of its PostgreSQL. */
  async postmaster(): Promise<number> {
    return (await readPostmasterFile(this.cluster))?.pid ?? 0;
  }

  /** Where its database is reached, as the administrator. */
  async databaseUrl(): Promise<string> {
    const { databasePassword } = await openSecrets({ dataFolder: this.dataFolder, onWarning: () => {} });
    const { port } = (await readPostmasterFile(this.cluster)) ?? { port: 0 };
    return urlOf(port, databasePassword);
  }

  /** Stops everything that it started and removes its folder. */
  async remove(): Promise<void> {
    this.signal('SIGCONT');
    await this.end('SIGTERM');
    const postmaster = await this.postmaster();
    if (postmaster > 0 && isAlive(postmaster)) {
      process.kill(postmaster, 'SIGINT');
      while (isAlive(postmaster)) await sleep(50);
    }
    await rm(this.dataFolder, { recursive: true, force: true });
  }

  private get cluster(): string {
    return clusterIn(join(this.dataFolder, 'postgres'));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
