/** Things that have the shape of a credential, each with what is left of it. */
const CREDENTIALS: readonly (readonly [RegExp, string])[] = [
  // The user and password of any URL.
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1[secret]@'],
  [/\b(bearer|basic)\s+[\w.~+/=-]+/gi, '$1 [secret]'],
  // `api_key=…`, `"password": "…"` and their kin.
  [
    /\b((?:x-)?(?:api[-_]?key|access[-_]?token|refresh[-_]?token|client[-_]?secret|authorization|cookie|password|passwd|secret|signature|token|key)["']?\s*[:=]\s*["']?)[^\s"'&,;)}]+/gi,
    '$1[secret]',
  ],
  // Keys that name themselves: Parley's, OpenAI's, Google's, GitHub's; and JSON web tokens.
  [/\b(?:pk_|sk-|ghp_|gho_|github_pat_)[\w-]{8,}|\bAIza[\w-]{20,}|\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[secret]'],
];

/** `text` without what looks like a credential. */
export const redactCredentials = (text: string): string =>
  CREDENTIALS.reduce((kept, [pattern, replacement]) => kept.replace(pattern, replacement), text);

/** How much of an error is kept with a failed job or an undelivered event, in characters. */
const LONGEST_SUMMARY = 500;

/** What went wrong, in one line that may be stored and shown to an operator. */
export function summarizeError(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const line = redactCredentials(text).replace(/\s+/g, ' ').trim();
  return line.length > LONGEST_SUMMARY ? `${line.slice(0, LONGEST_SUMMARY - 1)}…` : line;
}

/** The fields of a log line about `error`: what went wrong and where, without credentials. */
export const errorFields = (error: unknown): { reason: string; stack?: string } => ({
  reason: summarizeError(error),
  ...(error instanceof Error && error.stack && { stack: redactCredentials(error.stack) }),
});
