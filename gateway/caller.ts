import type { FastifyRequest } from 'fastify';
import type { RateLimit, RateLimits } from '#core/rate-limit';
import type { RequestEnvelope } from '#core/subgraph/operation';
import type { Authenticator } from './authentication/authenticator.ts';
import type { AddressOf } from './client-address.ts';
import { keyOf } from './limit/spending.ts';

export interface CallerOptions {
  authenticator: Authenticator;
  rateLimits: RateLimits;
  requestLimit: RateLimit;
  addressOf: AddressOf;
}

/**
 * Who sends a request, counted against what he may send: by his account, or by his address where he shows no credential.
 * @throws ParleyError `UNAUTHENTICATED`, `RATE_LIMITED`
 */
export async function identify(
  request: FastifyRequest,
  { authenticator, rateLimits, requestLimit, addressOf }: CallerOptions,
): Promise<RequestEnvelope> {
  const ip = addressOf(request.raw);
  const viewer = await authenticator.authenticate(request.headers.authorization).catch(async (error: unknown) => {
    await rateLimits.consume(requestLimit, keyOf(null, ip));
    throw error;
  });
  await rateLimits.consume(requestLimit, keyOf(viewer, ip));
  return {
    requestId: request.id,
    viewer,
    client: { ip, userAgent: request.headers['user-agent'] ?? null },
    idempotencyKey: null,
  };
}
