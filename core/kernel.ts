import type { Bus } from './bus/bus.ts';
import type { Database } from './database/database.ts';
import type { Transactions } from './database/transaction.ts';
import type { Environment } from './environment.ts';
import type { JobQueue } from './job/job.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { ModelRegistry } from './model/model-registry.ts';
import type { Outbound } from './outbound/outbound.ts';
import type { Peers } from './peer/peer.ts';
import type { RateLimits } from './rate-limit.ts';
import type { Sealer } from './seal.ts';
import type { Secrets } from './secrets.ts';
import type { ObjectStorage } from './storage/storage.port.ts';
import type { Streams } from './stream/streams.ts';

/** Everything of the shared kernel that a part of Parley may touch: handed to its composition root as one argument. */
export interface Kernel {
  environment: Environment;
  secrets: Secrets;
  log: Logger;
  metrics: Metrics;
  database: Database;
  transactions: Transactions;
  streams: Streams;
  bus: Bus;
  jobs: JobQueue;
  peers: Peers;
  /** The language models that this installation can call. */
  models: ModelRegistry;
  /** Requests to addresses that strangers gave. */
  outbound: Outbound;
  /** The bytes of files. */
  storage: ObjectStorage;
  sealer: Sealer;
  rateLimits: RateLimits;
  /** This process, in leases and in the list of instances: a UUID made at its start. */
  instanceId: string;
}
