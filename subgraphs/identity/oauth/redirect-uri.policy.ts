import type { Environment } from '#core/environment';

type Origins = Pick<Environment, 'PORT' | 'PUBLIC_URL' | 'ALLOWED_ORIGINS'>;

/** Where providers may send people back to: this server's own pages, and those that the operator names. */
export function allowedOrigins({ PORT, PUBLIC_URL, ALLOWED_ORIGINS }: Origins): Set<string> {
  const own = [`http://localhost:${PORT}`, `http://127.0.0.1:${PORT}`, ...(PUBLIC_URL ? [PUBLIC_URL] : [])];
  return new Set([...own, ...ALLOWED_ORIGINS].flatMap((text) => (URL.canParse(text) ? new URL(text).origin : [])));
}

/** Longer addresses than this are not honest ones. */
const MAX_LENGTH = 2_000;

/** Where a log-in ends, in the one form that is sent on and compared, or why it may not end there. */
export type RedirectUri = { uri: string; problem?: never } | { uri?: never; problem: string };

/**
 * Reads the address that a log-in is to end at. What providers and browsers make of it is decided here, once: only what
 * was parsed is compared and sent on. Without query or fragment, so that what comes back can be told apart.
 */
export function readRedirectUri(text: string, origins: ReadonlySet<string>): RedirectUri {
  if (text.length > MAX_LENGTH) return { problem: `It must have at most ${MAX_LENGTH} characters.` };
  // The parser forgives these: a back slash is a slash to it, and white space nothing. Others read them otherwise.
  if (/[\\\s\p{C}]/u.test(text) || !URL.canParse(text)) {
    return { problem: 'It must be a whole address such as https://app.example/log-in.' };
  }
  if (!/^https?:\/\//i.test(text)) return { problem: 'It must begin with https:// or http://.' };
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    return { problem: 'It must not hold the name or the password of a user.' };
  }
  if (/[?#]/.test(text)) return { problem: 'It must have neither a query nor a fragment.' };
  if (!origins.has(url.origin)) return { problem: 'It must be on this server, or on an origin in ALLOWED_ORIGINS.' };
  return { uri: url.href };
}

/** Whether the browser came back to where it was sent, an address that was read before. */
export function isReturnTo(callbackUrl: string, redirectUri: string): boolean {
  if (!URL.canParse(callbackUrl)) return false;
  const [came, sent] = [new URL(callbackUrl), new URL(redirectUri)];
  return came.origin === sent.origin && came.pathname === sent.pathname && came.username === '' && came.password === '';
}
