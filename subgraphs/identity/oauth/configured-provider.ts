import type { Environment } from '#core/environment';
import type { Logger } from '#core/log';
import { GitHubProvider } from './github.provider.ts';
import { isLoopback, type LogInProvider } from './log-in-provider.ts';
import { OidcProvider } from './oidc.provider.ts';

const GOOGLE_ISSUER = 'https://accounts.google.com';
const GITHUB_BASE_URL = 'https://github.com';
const GITHUB_API_URL = 'https://api.github.com';

/** The providers that the environment sets up. One that is set up by halves is left out, and the log says why. */
export function configuredProviders(environment: Environment, log: Logger): Map<string, LogInProvider> {
  const providers = [oidc(environment, log), google(environment, log), github(environment, log)];
  return new Map(providers.flatMap((provider) => (provider ? [[provider.id, provider] as const] : [])));
}

function oidc(environment: Environment, log: Logger): LogInProvider | null {
  const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_LABEL } = environment;
  if (!OIDC_ISSUER && !OIDC_CLIENT_ID) return null;
  if (!OIDC_ISSUER || !OIDC_CLIENT_ID) return leftOut(log, 'Single sign-on', 'set both OIDC_ISSUER and OIDC_CLIENT_ID');
  const issuer = safeUrl(OIDC_ISSUER);
  if (!issuer)
    return leftOut(log, 'Single sign-on', 'OIDC_ISSUER must begin with https://, unless it is on this machine');
  return new OidcProvider({
    id: 'oidc',
    name: OIDC_LABEL,
    issuer,
    clientId: OIDC_CLIENT_ID,
    clientSecret: OIDC_CLIENT_SECRET,
  });
}

function google(environment: Environment, log: Logger): LogInProvider | null {
  const { GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, GOOGLE_ISSUER: given } = environment;
  if (!GOOGLE_CLIENT_ID && !GOOGLE_CLIENT_SECRET) return null;
  if (!GOOGLE_CLIENT_ID || !GOOGLE_CLIENT_SECRET) {
    return leftOut(log, 'Google', 'set both GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET');
  }
  const issuer = safeUrl(given ?? GOOGLE_ISSUER);
  if (!issuer) return leftOut(log, 'Google', 'GOOGLE_ISSUER must begin with https://, unless it is on this machine');
  return new OidcProvider({
    id: 'google',
    name: 'Google',
    issuer,
    clientId: GOOGLE_CLIENT_ID,
    clientSecret: GOOGLE_CLIENT_SECRET,
  });
}

function github(environment: Environment, log: Logger): LogInProvider | null {
  const { GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET, GITHUB_BASE_URL: base, GITHUB_API_URL: api } = environment;
  if (!GITHUB_CLIENT_ID && !GITHUB_CLIENT_SECRET) return null;
  if (!GITHUB_CLIENT_ID || !GITHUB_CLIENT_SECRET) {
    return leftOut(log, 'GitHub', 'set both GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET');
  }
  const baseUrl = safeUrl(base ?? GITHUB_BASE_URL);
  // A GitHub Enterprise Server has its API below its own address.
  const apiUrl = safeUrl(api ?? (base ? new URL('/api/v3', base).href : GITHUB_API_URL));
  if (!baseUrl || !apiUrl) {
    return leftOut(
      log,
      'GitHub',
      'GITHUB_BASE_URL and GITHUB_API_URL must begin with https://, unless they are on this machine',
    );
  }
  return new GitHubProvider({ clientId: GITHUB_CLIENT_ID, clientSecret: GITHUB_CLIENT_SECRET, baseUrl, apiUrl });
}

function safeUrl(text: string): URL | null {
  const url = new URL(text);
  return url.protocol === 'https:' || isLoopback(url) ? url : null;
}

function leftOut(log: Logger, name: string, remedy: string): null {
  log.warn(`Logging in with ${name} is not offered: ${remedy}.`);
  return null;
}
