import type { Bus } from './bus.ts';
import { ListenerMap } from './listener-map.ts';

/** The bus of a single process: a message is delivered before `publish` returns. */
export function createMemoryBus(): Bus {
  const listeners = new ListenerMap();
  return {
    publish: (channel, message) => listeners.dispatch(channel, message),
    async subscribe(channel, listener) {
      listeners.add(channel, listener);
      return () => listeners.remove(channel, listener);
    },
    onGap: () => () => {},
    isUp: () => true,
    async close() {},
  };
}
