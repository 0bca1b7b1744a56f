import { Redis } from 'ioredis';
import type { Logger } from '#core/log';
import type { Bus } from './bus.ts';
import { ListenerMap } from './listener-map.ts';

/** Keeps Parley's channels apart from others on a shared Redis. */
const PREFIX = 'parley:bus:';

/** The bus between processes, over Redis publish/subscribe. It reconnects by itself and tells of the gap. */
export async function createRedisBus(url: string, log: Logger): Promise<Bus> {
  const listeners = new ListenerMap();
  const gapListeners = new Set<() => void>();
  const settings = {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    retryStrategy: (n: number) => Math.min(n * 50, 1_000),
  };
  // A published message is worth nothing later, so it is not queued while Redis is away.
  const publisher = new Redis(url, { ...settings, enableOfflineQueue: false });
  const subscriber = new Redis(url, settings);
  for (const client of [publisher, subscriber]) {
    client.on('error', (error) => log.warn({ err: error }, 'the connection to Redis failed'));
  }
  await Promise.all([publisher.connect(), subscriber.connect()]);
  let connections = 1;
  subscriber.on('ready', () => {
    connections += 1;
    for (const listener of gapListeners) listener();
  });
  subscriber.on('message', (channel: string, message: string) =>
    listeners.dispatch(channel.slice(PREFIX.length), message),
  );
  return {
    publish(channel, message) {
      publisher.publish(PREFIX + channel, message).catch((error: unknown) => {
        log.debug({ err: error, channel, connections }, 'a message was not published');
      });
    },
    async subscribe(channel, listener) {
      const first = listeners.add(channel, listener);
      if (first) await subscriber.subscribe(PREFIX + channel);
      return () => {
        if (listeners.remove(channel, listener)) {
          subscriber.unsubscribe(PREFIX + channel).catch((error: unknown) => {
            log.debug({ err: error, channel }, 'a channel was not left');
          });
        }
      };
    },
    onGap(listener) {
      gapListeners.add(listener);
      return () => gapListeners.delete(listener);
    },
    isUp: () => publisher.status === 'ready' && subscriber.status === 'ready',
    async close() {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}
