import { createRedisBackend } from 'bullmq';
import { Redis } from 'ioredis';
import type { Logger } from '#core/log';
import type { JobBackend, JobBackendOptions } from './backend.ts';

/** Keeps Parley's jobs apart from others on a shared Redis. */
export const REDIS_PREFIX = 'parley:jobs';

/** How long a producer waits for an answer, in milliseconds. */
const COMMAND_TIMEOUT_MS = 3_000;

/**
 * Opens the connection that all queues, or all workers, of this process share. Each worker adds one of its own, on which
 * it waits for jobs.
 */
export async function openRedisBackend(url: string, side: JobBackendOptions['side'], log: Logger): Promise<JobBackend> {
  const options = {
    lazyConnect: true,
    connectTimeout: 3_000,
    keepAlive: 10_000,
    retryStrategy: (n: number) => Math.min(n * 50, 1_000),
    // A worker's commands are sent when Redis is back; a producer's caller is told at once instead.
    ...(side === 'worker'
      ? { maxRetriesPerRequest: null }
      : { maxRetriesPerRequest: 0, enableOfflineQueue: false, commandTimeout: COMMAND_TIMEOUT_MS }),
  };
  const client = endable(new Redis(url, options));
  client.on('error', (error) => log.debug({ err: error }, 'the connection of the job queue failed'));
  try {
    await client.connect();
  } catch (error) {
    client.disconnect();
    throw error;
  }
  // Each queue and worker listens for its errors.
  client.setMaxListeners(0);
  return {
    kind: 'redis',
    connection: client,
    factory: createRedisBackend,
    isUp: () => client.status === 'ready',
    async ping() {
      await client.ping();
    },
    async close() {
      client.disconnect();
    },
  };
}

/**
 * The client, and its duplicates, made so that they can be ended while they wait to connect again. The library's fall
 * silent then, without telling those who wait for their end, and a worker would never close.
 */
function endable(client: Redis): Redis {
  const { disconnect, duplicate } = client;
  client.disconnect = (reconnect = false) => {
    if (!reconnect && client.status === 'reconnecting') client.status = 'wait';
    disconnect.call(client, reconnect);
  };
  client.duplicate = ((override) => endable(duplicate.call(client, override))) as Redis['duplicate'];
  return client;
}
