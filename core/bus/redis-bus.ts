import { Redis } from 'ioredis';
import type { Logger } from '#core/log';
import type { Bus } from './bus.ts';
import { ListenerMap } from './listener-map.ts';

/** Keeps Parley's channels apart from others on a shared Redis. */
const PREFIX = 'parley:bus:';

/** How long a subscriber waits for Redis to confirm, in milliseconds. After that it is told of the gap once it has. */
const JOIN_WITHIN_MS = 1_000;

/** The bus between processes, over Redis publish/subscribe. It reconnects by itself and tells of the gap. */
export async function createRedisBus(url: string, log: Logger): Promise<Bus> {
  const listeners = new ListenerMap();
  const joining = new Map<string, Promise<void>>();
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
  const tellOfGap = () => {
    for (const listener of gapListeners) listener();
  };
  subscriber.on('ready', tellOfGap);
  subscriber.on('message', (channel: string, message: string) =>
    listeners.dispatch(channel.slice(PREFIX.length), message),
  );

  /** While Redis is away the channel is joined later: whoever subscribes reads the truth elsewhere until then. */
  const join = async (channel: string): Promise<void> => {
    let late = subscriber.status !== 'ready';
    const joined = subscriber.subscribe(PREFIX + channel).then(
      () => void (late && tellOfGap()),
      (error: unknown) => log.debug({ err: error, channel }, 'a channel was not joined'),
    );
    if (late) return;
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        late = true;
        resolve();
      }, JOIN_WITHIN_MS);
    });
    await Promise.race([joined, tooLong]);
    clearTimeout(timer);
  };

  return {
    publish(channel, message) {
      publisher.publish(PREFIX + channel, message).catch((error: unknown) => {
        log.debug({ err: error, channel }, 'a message was not published');
      });
    },
    async subscribe(channel, listener) {
      if (listeners.add(channel, listener)) joining.set(channel, join(channel));
      await joining.get(channel);
      return () => {
        if (!listeners.remove(channel, listener)) return;
        joining.delete(channel);
        subscriber.unsubscribe(PREFIX + channel).catch((error: unknown) => {
          log.debug({ err: error, channel }, 'a channel was not left');
        });
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
