import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** Pings go out this often, and a server that does not answer one for half as long is gone; in milliseconds. */
const PING_EVERY = 10_000;

/**
 * A connection for subscriptions. graphql-ws would connect again by itself, but from the cursor that it began with: so here
 * it does not.
 */
export function openSocket(
  endpoint: URL,
  connectionParams: () => Record<string, unknown>,
  onConnected: () => void = () => {},
): Client {
  const url = new URL(endpoint);
  url.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';
  let silence: NodeJS.Timeout | undefined;
  const client = createClient({
    url: url.href,
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 0,
    connectionAckWaitTimeout: PING_EVERY,
    keepAlive: PING_EVERY,
    on: {
      connected: onConnected,
      ping: (isReceived) => {
        if (!isReceived) silence = setTimeout(() => client.terminate(), PING_EVERY / 2);
      },
      pong: () => clearTimeout(silence),
      closed: () => clearTimeout(silence),
    },
  });
  return client;
}
