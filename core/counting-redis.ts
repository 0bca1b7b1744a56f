import { Redis } from 'ioredis';
import type { Logger } from './log.ts';

/** How long a caller waits for Redis to count him, in milliseconds: one that is up takes less than one of them. */
const COMMAND_TIMEOUT_MS = 500;

/**
 * The connection for rate limits and health. Every request waits for it, so that it fails soon rather than waits: also where
 * Redis is there and silent.
 */
export function openCountingRedis(url: string, log: Logger): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    connectTimeout: 3_000,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
  redis.on('error', (error) => log.debug({ err: error }, 'the connection to Redis failed'));
  return redis;
}
