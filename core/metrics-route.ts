import { createHash, timingSafeEqual } from 'node:crypto';
import proxyAddress from '@fastify/proxy-addr';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { forbidden, type ParleyError, unauthenticated } from './error.ts';
import type { Metrics } from './metrics.ts';

/** What a proxy adds to a request that it passes on, by one name or another. */
const FORWARDING_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

const FROM_AFAR = 'Metrics are shown to this machine alone. Set METRICS_TOKEN to read them from elsewhere.';
const WITHOUT_TOKEN = 'Metrics need the header Authorization: Bearer, a space, and METRICS_TOKEN.';

const isLoopback = proxyAddress.compile('loopback');

/**
 * `/metrics` for Prometheus. They tell how much goes on here and how well, which is nobody's business but the operator's.
 * @param token What must be sent as a bearer token, from wherever; without one only this machine itself is answered.
 */
export function addMetrics(app: FastifyInstance, { registry }: Metrics, token: string | undefined): void {
  app.get('/metrics', async (request, reply) => {
    const refusal = refusalOf(request, token);
    if (!refusal) return reply.type(registry.contentType).send(await registry.metrics());
    if (refusal.extensions.code === 'FORBIDDEN') reply.code(403);
    else reply.code(401).header('www-authenticate', 'Bearer');
    return reply.send({ errors: [refusal.toJSON()] });
  });
}

function refusalOf(request: FastifyRequest, token: string | undefined): ParleyError | null {
  if (token === undefined) return isFromHere(request) ? null : forbidden(FROM_AFAR);
  return hasToken(request, token) ? null : unauthenticated(WITHOUT_TOKEN);
}

/** Whether a request comes from this machine, and not through a proxy on it. */
function isFromHere({ raw }: FastifyRequest): boolean {
  const isForwarded = FORWARDING_HEADERS.some((name) => raw.headers[name] !== undefined);
  return !isForwarded && isLoopback(raw.socket.remoteAddress ?? '', 0);
}

function hasToken({ headers }: FastifyRequest, token: string): boolean {
  const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

// Of one length, which the comparison in constant time needs.
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
