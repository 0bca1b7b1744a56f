import { timingSafeEqual } from 'node:crypto';
import proxyAddress from '@fastify/proxy-addr';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { forbidden, unauthenticated } from '#core/error';
import type { Metrics } from '#core/metrics';

/**
 * `/metrics` for Prometheus.
 * @param token What a caller from elsewhere has to show as `Authorization: Bearer …`; null lets only this machine in.
 */
export function addMetrics(app: FastifyInstance, { registry }: Metrics, token: string | null): void {
  app.get('/metrics', async (request, reply) => {
    if (token !== null) {
      if (!isToken(request.headers.authorization, token))
        throw unauthenticated('Send METRICS_TOKEN as a bearer token.');
    } else if (!isOfThisMachine(request)) {
      throw forbidden('Metrics are shown to this machine alone. Set METRICS_TOKEN to read them from elsewhere.');
    }
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

const isLoopback = proxyAddress.compile(['loopback']);

/** Not what a proxy on this machine passes on for somebody else. */
const isOfThisMachine = ({ raw, headers }: FastifyRequest): boolean =>
  isLoopback(raw.socket.remoteAddress ?? '', 0) &&
  headers['x-forwarded-for'] === undefined &&
  headers.forwarded === undefined;

function isToken(authorization: string | undefined, token: string): boolean {
  const [given, wanted] = [Buffer.from(authorization ?? ''), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
