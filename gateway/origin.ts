/**
 * Whether a page of `origin` may open a WebSocket here: the server's own pages, those of ALLOWED_ORIGINS, and whoever
 * is no page (no `Origin`).
 * @param host The `Host` that the browser sent, which a page cannot forge.
 */
export function isOriginAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined) return true;
  if (allowed.includes(origin) || allowed.includes('*')) return true;
  if (!URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  return (protocol === 'http:' || protocol === 'https:') && originHost === host;
}
