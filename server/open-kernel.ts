import { createMemoryBus } from '#core/bus/memory-bus';
import { createRedisBus } from '#core/bus/redis-bus';
import { openCountingRedis } from '#core/counting-redis';
import { openDatabase } from '#core/database/database';
import { Transactions } from '#core/database/transaction';
import type { Environment } from '#core/environment';
import { newId } from '#core/id';
import { createJobQueue, type OpenJobQueue } from '#core/job/queue';
import type { Kernel } from '#core/kernel';
import type { Logger } from '#core/log';
import { createMetrics } from '#core/metrics';
import { ModelRegistry } from '#core/model/model-registry';
import { Outbound } from '#core/outbound/outbound';
import { announceEvents } from '#core/outbox/wake';
import { createPeers } from '#core/peer/create-peers';
import { createRateLimits } from '#core/rate-limit';
import { createSealer } from '#core/seal';
import type { Secrets } from '#core/secrets';
import { openStreams } from '#core/stream/open-streams';
import type { SubgraphExecutor } from '#core/subgraph/executor';
import type { RemoteCaller } from '#core/subgraph/remote-call';
import { openStorage } from './open-storage.ts';
import { StartError } from './start-error.ts';

export interface KernelOptions {
  environment: Environment;
  secrets: Secrets;
  log: Logger;
  databaseUrl: string;
  /** Where files are kept, unless the settings say otherwise. */
  dataFolder: string;
  /** The subgraphs of this process, filled once they are composed. */
  local: ReadonlyMap<string, SubgraphExecutor>;
  /** Made from the pool once there is one; null where every subgraph lives here. */
  remoteOf: ((kernel: Pick<Kernel, 'database' | 'instanceId'>) => RemoteCaller) | null;
}

export interface OpenKernel extends Kernel {
  jobs: OpenJobQueue;
  /** Whether Redis answers; does nothing where there is none. */
  pingRedis: (() => Promise<void>) | null;
  /** Writes down what is under way and lets everything go. Call it last. */
  close(): Promise<void>;
}

/** Opens the shared kernel of one process: its connections, and what stands on them. */
export async function openKernel(options: KernelOptions): Promise<OpenKernel> {
  const { environment, secrets, log, databaseUrl, local, remoteOf } = options;
  const { REDIS_URL: redisUrl = null } = environment;
  const instanceId = newId();
  const [database, bus, jobs] = await Promise.all([
    openDatabase({ url: databaseUrl, log }).catch(explainDatabase),
    redisUrl ? createRedisBus(redisUrl, log) : createMemoryBus(),
    createJobQueue({ databaseUrl, redisUrl, log }),
  ]);
  const redis = redisUrl ? openCountingRedis(redisUrl, log) : null;
  const sealer = createSealer(secrets.sealingKey);
  const streams = openStreams({ database, bus, log });
  const models = new ModelRegistry({
    geminiApiKey: environment.GEMINI_API_KEY,
    geminiBaseUrl: environment.GEMINI_BASE_URL,
    openaiApiKey: environment.OPENAI_API_KEY,
    openaiBaseUrl: environment.OPENAI_BASE_URL,
  });
  const outbound = new Outbound({
    allow: environment.OUTBOUND_ALLOW,
    ports: environment.OUTBOUND_PORTS,
    connectTimeoutMs: 10_000,
  });
  const storage = await openStorage({ environment, dataFolder: options.dataFolder, database, log });
  return {
    environment,
    secrets,
    log,
    metrics: createMetrics(),
    database,
    transactions: new Transactions(database, sealer, () => announceEvents(bus)),
    streams,
    bus,
    jobs,
    peers: createPeers({ local, remote: remoteOf?.({ database, instanceId }) ?? null }),
    models,
    outbound,
    storage,
    sealer,
    rateLimits: createRateLimits(redis),
    instanceId,
    pingRedis: redis && (async () => void (await redis.ping())),
    async close() {
      await streams.drain();
      streams.close();
      await Promise.allSettled([jobs.close(), bus.close(), models.close(), outbound.close(), storage.close()]);
      redis?.disconnect();
      await database.close();
    },
  };
}

/** @throws StartError */
function explainDatabase(error: unknown): never {
  const reason = error instanceof Error && error.message ? error.message : String(error);
  throw new StartError(
    `The database cannot be used (${reason}): let the user of DATABASE_URL act as parley_app and parley_worker, and put no pooler in between that keeps no settings of a session.`,
    { cause: error },
  );
}
