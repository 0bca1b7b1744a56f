import type { BackendFactory, ConnectionOptions } from 'bullmq';
import type { Logger } from '#core/log';
import { openPostgresBackend } from './postgres-backend.ts';
import { openRedisBackend } from './redis-backend.ts';

/** What the queues or the workers of one process have in common: the connections to where jobs are kept. */
export interface JobBackend {
  readonly kind: 'postgres' | 'redis';
  /** To be given to each BullMQ queue or worker, together with `factory`. */
  readonly connection: ConnectionOptions;
  readonly factory: BackendFactory;
  /** Rejects when a command could not be answered now. */
  ping(): Promise<void>;
  /** Whether a command would be sent now rather than wait for a connection. */
  isUp(): boolean;
  /** Ends the connections. Close the queues and workers on it first. */
  close(): Promise<void>;
}

export interface JobBackendOptions {
  databaseUrl: string;
  /** Where jobs are kept if it is given; in the database otherwise. */
  redisUrl: string | null;
  /** A producer must fail soon rather than wait; a worker waits until the server is back. */
  side: 'producer' | 'worker';
  log: Logger;
}

/** Connects. Rejects when the server cannot be reached. */
export const openJobBackend = ({ databaseUrl, redisUrl, side, log }: JobBackendOptions): Promise<JobBackend> =>
  redisUrl ? openRedisBackend(redisUrl, side, log) : openPostgresBackend(databaseUrl, side, log);
