import type { IncomingMessage } from 'node:http';
import proxyAddress from '@fastify/proxy-addr';

/** Where a request came from: the peer, or who stands before it where the peer is a proxy that is trusted. */
export const addressOf = (request: IncomingMessage, trustedProxies: readonly string[]): string =>
  trustedProxies.length === 0
    ? (request.socket.remoteAddress ?? '')
    : proxyAddress(request, proxyAddress.compile([...trustedProxies]));
