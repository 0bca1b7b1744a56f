import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddress from '@fastify/proxy-addr';

/** The address of whoever sent a request. */
export type AddressOf = (request: IncomingMessage) => string;

/**
 * Finds callers behind reverse proxies: the last address of `X-Forwarded-For` that is no trusted proxy's own. From
 * anybody else the header is not believed. Fastify's own option would also believe the host and the protocol, which
 * proxies pass on as the client wrote them.
 * @param trusted Addresses and networks of the proxies.
 */
export function createAddressOf(trusted: readonly string[]): AddressOf {
  const isTrusted = proxyAddress.compile([...trusted]);
  return (request) =>
    proxyAddress.all(request, isTrusted).findLast((address: string | undefined) => isIP(address ?? '') > 0) ?? '';
}
