import { randomBytes } from 'node:crypto';
import { randomPKCECodeVerifier } from 'openid-client';
import { z } from 'zod';
import { badInput, unauthenticated } from '#core/error';
import { newId } from '#core/id';
import type { Sealer } from '#core/seal';

/** How long somebody may take at the provider, in milliseconds. */
const LIFETIME_MS = 10 * 60 * 1000;
const PURPOSE = 'log-in attempt';

const attemptSchema = z.object({
  id: z.string(),
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  codeVerifier: z.string(),
  redirectUri: z.string(),
  /** Who started it, where somebody was logged in: only he can link the account. */
  userId: z.string().nullable(),
  invitationToken: z.string().nullable(),
  /** Milliseconds since the epoch. */
  expiresAt: z.number(),
});

/**
 * One trip to a provider. The browser that began it keeps it, sealed, and hands it in at the end: no process has to
 * remember it, and nobody can finish in one browser what was begun in another.
 */
export type LogInAttempt = z.output<typeof attemptSchema>;

export const newAttempt = (
  about: Pick<LogInAttempt, 'provider' | 'redirectUri' | 'userId' | 'invitationToken'>,
): LogInAttempt => ({
  ...about,
  id: newId(),
  state: randomBytes(32).toString('base64url'),
  nonce: randomBytes(32).toString('base64url'),
  codeVerifier: randomPKCECodeVerifier(),
  expiresAt: Date.now() + LIFETIME_MS,
});

export const sealAttempt = (sealer: Sealer, attempt: LogInAttempt): string =>
  Buffer.from(sealer.seal(Buffer.from(JSON.stringify(attempt)), PURPOSE)).toString('base64url');

/** @throws ParleyError `BAD_USER_INPUT` where it is none of ours, `UNAUTHENTICATED` where it has expired. */
export function openAttempt(sealer: Sealer, sealed: string): LogInAttempt {
  const attempt = attemptSchema.safeParse(unseal(sealer, sealed));
  if (!attempt.success) throw badInput('input.attempt', 'It is not what startOAuthLogIn returned.');
  if (attempt.data.expiresAt <= Date.now())
    throw unauthenticated('The log-in took longer than ten minutes. Start again.');
  return attempt.data;
}

function unseal(sealer: Sealer, sealed: string): unknown {
  try {
    return JSON.parse(sealer.open(Buffer.from(sealed, 'base64url'), PURPOSE).toString('utf8'));
  } catch {
    return null;
  }
}
