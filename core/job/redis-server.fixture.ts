import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from '#core/free-port.fixture';

/** Whether there is a redis-server to test with. Where the suite must be complete, its absence is a failure. */
export function hasRedisServer(): boolean {
  const found = spawnSync('redis-server', ['--version']).status === 0;
  if (!found && process.env.CI) throw new Error('There is no redis-server, and CI is set: install it.');
  return found;
}

export interface RedisServer {
  url: string;
  /** Ends it as a crash would, with all that it holds. */
  kill(): Promise<void>;
  /** Starts it on the same port, empty. */
  start(): Promise<void>;
  /** It answers nothing until `resume`. */
  pause(): void;
  resume(): void;
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** A Redis on a free port that keeps nothing on disk. */
export async function startRedisServer(): Promise<RedisServer> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  const end = async () => {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    ending.kill('SIGKILL');
    await once(ending, 'exit');
  };
  const server: RedisServer = {
    url,
    kill: end,
    async start() {
      const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
      child = spawn('redis-server', settings, { stdio: 'ignore' });
      await answers(url);
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    flush: () => withClient(url, async (client) => void (await client.flushall())),
    stop: end,
  };
  await server.start();
  return server;
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await withClient(url, async (client) => void (await client.ping()));
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(50);
    }
  }
}

async function withClient(url: string, work: (client: Redis) => Promise<void>): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => {});
  try {
    await client.connect();
    await work(client);
  } finally {
    client.disconnect();
  }
}
