/** Shapes of credentials that a provider may quote in part, so that the exact text is not enough to find them. */
const KEY_SHAPES = /\b(?:sk|pk|rk)-[\w*.-]{6,}|\bAIza[\w*-]{6,}|\bBearer\s+[\w.~+/=-]{6,}/g;
const REMOVED = '[removed]';
const DEEPEST_CAUSE = 5;

/** Takes the secrets, and anything shaped like a credential, out of a text. */
export function scrubText(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < 4) continue;
    clean = clean.replaceAll(secret, REMOVED).replaceAll(encodeURIComponent(secret), REMOVED);
  }
  return clean.replace(KEY_SHAPES, REMOVED);
}

/**
 * A copy of a foreign error that is fit for logs: its name, message, stack, `code` and `status`, and those of its causes,
 * without credentials. Everything else on it (headers, request, body) is left behind.
 */
export function scrub(error: unknown, secrets: readonly string[], depth = 0): Error {
  if (!(error instanceof Error)) return new Error(scrubText(String(error), secrets));
  const inner = error.cause !== undefined && depth < DEEPEST_CAUSE ? scrub(error.cause, secrets, depth + 1) : undefined;
  const copy = new Error(scrubText(error.message, secrets), inner ? { cause: inner } : {});
  copy.name = error.name;
  if (error.stack !== undefined) copy.stack = scrubText(error.stack, secrets);
  const { code, status } = error as { code?: unknown; status?: unknown };
  return Object.assign(copy, {
    ...((typeof code === 'string' || typeof code === 'number') && { code: scrubText(String(code), secrets) }),
    ...(typeof status === 'number' && { status }),
  });
}
