import { Redis } from 'ioredis';
import { StartError } from './start-error.ts';

const CONNECT_WITHIN_MS = 5_000;

/**
 * Makes sure that Redis answers.
 * @throws StartError where it does not, with the reason.
 */
export async function ensureRedis(url: string): Promise<void> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_WITHIN_MS,
    commandTimeout: CONNECT_WITHIN_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let reason = 'no answer';
  // Connecting rejects with no more than that the connection is closed; why it is comes here.
  client.on('error', (error) => {
    reason = error.message || reason;
  });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    if (error instanceof Error && !/connection is closed/i.test(error.message)) reason = error.message;
    throw new StartError(`Redis cannot be reached (${reason}): check REDIS_URL and that Redis runs.`, { cause: error });
  } finally {
    client.disconnect();
  }
}
