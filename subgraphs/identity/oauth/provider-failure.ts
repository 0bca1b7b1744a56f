import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { ParleyError, unavailable } from '#core/error';

/** Refusals that say that the provider is in trouble, not that the person may not come in. */
const PROVIDER_TROUBLE = new Set(['server_error', 'temporarily_unavailable']);

/** The answer is there and well-formed, but is not the answer to this attempt. */
const FOREIGN_ANSWER = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
]);

/** What a client is told when a trip to a provider ends badly. The provider's own words stay in the log. */
export function providerFailure(error: unknown, name: string): ParleyError {
  if (error instanceof ParleyError) return error;
  const refuse = (message: string) => new ParleyError('UNAUTHENTICATED', message, { cause: error });
  if (error instanceof AuthorizationResponseError) {
    if (PROVIDER_TROUBLE.has(error.error)) return unreachable(name, error);
    return refuse(
      error.error === 'access_denied'
        ? `The log-in with ${name} was cancelled or denied.`
        : `${name} refused the log-in. Start again.`,
    );
  }
  if (error instanceof ResponseBodyError) {
    if (error.error === 'invalid_grant')
      return refuse(`The log-in with ${name} took too long or was used before. Start again.`);
    if (error.status < 500) return misconfigured(name, error);
  }
  if (error instanceof WWWAuthenticateChallengeError) return misconfigured(name, error);
  if (error instanceof ClientError && FOREIGN_ANSWER.has(error.code ?? '')) {
    return refuse(`The answer of ${name} does not belong to this log-in. Start again.`);
  }
  return unreachable(name, error);
}

/** What to log of it: names and codes down to its root, nothing of what was sent. */
export function reasonOf(error: unknown): string {
  const reasons: string[] = [];
  for (let at = error; at instanceof Error && reasons.length < 4; at = at.cause) {
    const code = 'error' in at ? at.error : 'code' in at ? at.code : undefined;
    reasons.push(`${at.name}: ${at.message}${code ? ` (${String(code)})` : ''}`);
  }
  return reasons.join(' < ');
}

const misconfigured = (name: string, cause: unknown): ParleyError =>
  unavailable(`Logging in with ${name} is not set up rightly: tell the operator of this server.`, { cause });

const unreachable = (name: string, cause: unknown): ParleyError =>
  unavailable(`${name} cannot be reached or does not work at the moment. Try again, or log in another way.`, { cause });
