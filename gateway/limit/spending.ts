import type { RateLimit, RateLimits } from '#core/rate-limit';
import type { RequestEnvelope } from '#core/subgraph/operation';

/** Takes the cost of an operation from what its caller may have answered. @throws ParleyError `RATE_LIMITED` */
export type Spend = (by: Pick<RequestEnvelope, 'viewer' | 'client'>, cost: number) => Promise<void>;

/** Who is counted: the user within the organization, or the address of an anonymous one. */
export const spenderOf = ({ viewer, client }: Pick<RequestEnvelope, 'viewer' | 'client'>): string =>
  keyOf(viewer, client.ip);

/** The same by its parts. */
export const keyOf = (viewer: RequestEnvelope['viewer'], ip: string | null): string =>
  viewer ? `${viewer.orgId}:${viewer.userId}` : `ip:${ip}`;

/**
 * Weighs what a caller asks for besides counting it: a request may be three hundred times the work of another, and whoever
 * sends only such would take the others' time.
 * @param points Of `operationCost`, within ten seconds.
 */
export function createSpend(rateLimits: RateLimits, points: number): Spend {
  const limit: RateLimit = {
    name: 'cost',
    points,
    seconds: 10,
    refusal: 'What was asked for within ten seconds is too much work: ask for fewer fields or shorter pages.',
  };
  return (by, cost) => rateLimits.consume(limit, spenderOf(by), cost);
}
