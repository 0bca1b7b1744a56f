import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type RedisServer, startRedisServer } from '#core/job/redis-server.fixture';
import { createTestDatabase, type TestDatabase } from '#test/support/database';
import { endAll, type ParleyProcess, startParley } from './parley-process.fixture.ts';

/** Parley as many processes on one PostgreSQL and one Redis. */
export interface Installation {
  redis: RedisServer;
  database: TestDatabase;
  /** Starts a process with these roles and waits until it is ready. */
  start(roles: string, variables?: Record<string, string>): Promise<ParleyProcess>;
  close(): Promise<void>;
}

/** Opens what the processes share; none of them runs yet. */
export async function openInstallation(): Promise<Installation> {
  const [redis, database, dataFolder] = await Promise.all([
    startRedisServer(),
    createTestDatabase(inject('adminUrl')),
    mkdtemp(join(tmpdir(), 'parley-processes-')),
  ]);
  const shared = {
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    PARLEY_SECRET: 'a secret that all processes of this test share',
    PARLEY_DATA: dataFolder,
    PARLEY_INTERNAL_PORT: '0',
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
    SHUTDOWN_GRACE_SECONDS: '4',
    RATE_LIMIT_REQUESTS: '100000',
    RATE_LIMIT_COST: '1000000000',
  };
  return {
    redis,
    database,
    async start(roles, variables = {}) {
      const process = startParley({ ...shared, ...variables }, ['--roles', roles]);
      await process.ready();
      return process;
    },
    async close() {
      await endAll();
      await redis.stop();
      await database.drop();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}
