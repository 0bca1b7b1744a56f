import { createHash, timingSafeEqual } from 'node:crypto';
import proxyAddress from '@fastify/proxy-addr';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { forbidden, unauthenticated } from '#core/error';
import type { Metrics } from '#core/metrics';

/** What a proxy adds to a request that it passes on, by one name or another. */
const FORWARDING_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

const isLoopback = proxyAddress.compile('loopback');

/**
 * `/metrics` for Prometheus. They tell how much goes on here and how well, which is nobody's business but the operator's.
 * @param token What must be sent as a bearer token, from wherever; without one only this machine itself is answered.
 */
export function addMetrics(app: FastifyInstance, { registry }: Metrics, token: string | undefined): void {
  app.get('/metrics', async (request, reply) => {
    if (token === undefined) refuseFromAfar(request);
    else if (!hasToken(request, token)) {
      reply.header('www-authenticate', 'Bearer');
      throw unauthenticated('Metrics need the header Authorization: Bearer, a space, and METRICS_TOKEN.');
    }
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

/** @throws ParleyError `FORBIDDEN` where the request comes from another machine, or through a proxy on this one. */
function refuseFromAfar({ raw }: FastifyRequest): void {
  const isForwarded = FORWARDING_HEADERS.some((name) => raw.headers[name] !== undefined);
  if (!isForwarded && isLoopback(raw.socket.remoteAddress ?? '', 0)) return;
  throw forbidden('Metrics are shown to this machine alone. Set METRICS_TOKEN to read them from elsewhere.');
}

function hasToken({ headers }: FastifyRequest, token: string): boolean {
  const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

// Of one length, which the comparison in constant time needs.
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
