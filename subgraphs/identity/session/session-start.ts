import type { SystemUnit } from '#core/database/transaction';
import { newId } from '#core/id';
import type { RequestContext } from '#core/request-context';
import { digestToken, newToken } from '../authentication/opaque-token.ts';
import { emitEvent } from '../identity-event.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** A session ends when it was not refreshed for this long … */
const IDLE_MS = 30 * DAY_MS;
/** … and this long after the log-in in any case. */
const LIFETIME_MS = 90 * DAY_MS;

export const REFRESH_TOKEN_PREFIX = 'prt_';

/** How somebody came in. */
export type LogInMethod = 'SIGN_UP' | 'PASSWORD' | 'OAUTH' | 'INVITATION' | 'SWITCH';

/** A session and the only copy of its present refresh token. */
export interface StartedSession {
  sessionId: string;
  userId: string;
  orgId: string;
  refreshToken: string;
  expiresAt: Date;
}

export interface SessionStart {
  userId: string;
  orgId: string;
  method: LogInMethod;
  /** When the person showed who he is; now, unless the session goes on from another one. */
  loggedInAt?: Date;
}

/** When a session ends that was begun at `loggedInAt` and is used now. */
export const sessionExpiry = (loggedInAt: Date, now: Date): Date =>
  new Date(Math.min(now.getTime() + IDLE_MS, loggedInAt.getTime() + LIFETIME_MS));

/** Begins a session within a transaction. The secrets are made inside of it, so that a repeated request gets them again. */
export async function startSession(
  unit: SystemUnit,
  context: RequestContext,
  { userId, orgId, method, loggedInAt }: SessionStart,
): Promise<StartedSession> {
  const now = new Date();
  const createdAt = loggedInAt ?? now;
  const expiresAt = sessionExpiry(createdAt, now);
  const sessionId = newId();
  const refreshToken = newToken(REFRESH_TOKEN_PREFIX);
  const { ip, userAgent } = context.client;
  await unit.tx.session.create({
    data: {
      id: sessionId,
      orgId,
      userId,
      ip,
      userAgent: userAgent?.slice(0, 500) ?? null,
      createdAt,
      lastSeenAt: now,
      expiresAt,
      refreshTokens: { create: { tokenHash: digestToken(refreshToken), expiresAt } },
    },
  });
  await emitEvent(unit, context, 'session.started', {
    orgId,
    payload: { sessionId, userId, method },
    actor: { userId, credentialKind: 'SESSION', credentialId: sessionId },
  });
  return { sessionId, userId, orgId, refreshToken, expiresAt };
}
