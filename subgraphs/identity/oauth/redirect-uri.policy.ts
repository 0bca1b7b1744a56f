import type { Environment } from '#core/environment';

type Origins = Pick<Environment, 'PORT' | 'PUBLIC_URL' | 'ALLOWED_ORIGINS'>;

/** Where providers may send people back to: this server's own pages, and those that the operator names. */
export function allowedOrigins({ PORT, PUBLIC_URL, ALLOWED_ORIGINS }: Origins): Set<string> {
  const own = [`http://localhost:${PORT}`, `http://127.0.0.1:${PORT}`, ...(PUBLIC_URL ? [PUBLIC_URL] : [])];
  return new Set([...own, ...ALLOWED_ORIGINS].flatMap((text) => (URL.canParse(text) ? new URL(text).origin : [])));
}

/** Whether a log-in may end at this address. Without query or fragment, so that what comes back can be told apart. */
export function mayReturnTo(redirectUri: string, origins: ReadonlySet<string>): boolean {
  if (!URL.canParse(redirectUri)) return false;
  const { protocol, origin, username, password, search, hash } = new URL(redirectUri);
  return (
    (protocol === 'http:' || protocol === 'https:') &&
    origins.has(origin) &&
    [username, password, search, hash].every((part) => part === '') &&
    !/[?#]/.test(redirectUri)
  );
}

/** Whether the browser came back to where it was sent. */
export function isReturnTo(callbackUrl: string, redirectUri: string): boolean {
  if (!URL.canParse(callbackUrl)) return false;
  const [came, sent] = [new URL(callbackUrl), new URL(redirectUri)];
  return came.origin === sent.origin && came.pathname === sent.pathname && came.username === '' && came.password === '';
}
