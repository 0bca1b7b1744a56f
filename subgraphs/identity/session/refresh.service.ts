import type { SystemUnit } from '#core/database/transaction';
import { unauthenticated } from '#core/error';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import { publishViewerChange } from '#core/viewer-change';
import { digestToken, newToken } from '../authentication/opaque-token.ts';
import { emitEvent } from '../identity-event.ts';
import type { OpenedSession, SessionOpener } from './session-opener.ts';
import { REFRESH_TOKEN_PREFIX, type StartedSession, sessionExpiry } from './session-start.ts';

interface Found {
  token_id: string;
  used_at: Date | null;
  session_id: string;
  user_id: string;
  org_id: string;
  logged_in_at: Date;
  holds: boolean;
}

/** Exchanges refresh tokens. */
export class RefreshService {
  constructor(
    private readonly kernel: Pick<Kernel, 'transactions' | 'bus'>,
    private readonly opener: SessionOpener,
  ) {}

  /**
   * Each token works once: of two requests with the same one, the second finds it used. That means that two parties
   * hold it, and nobody can say which of them is the thief: the session ends for both.
   * @throws ParleyError `UNAUTHENTICATED`
   */
  async refresh(context: RequestContext, { refreshToken }: { refreshToken: string }): Promise<OpenedSession> {
    const outcome = refreshToken.startsWith(REFRESH_TOKEN_PREFIX)
      ? await this.kernel.transactions.system((unit) => this.rotate(unit, context, refreshToken))
      : null;
    // Thrown only here: inside, it would take the revocation back.
    if (outcome === 'replayed') {
      throw unauthenticated('This refresh token was used before, so its session has been ended. Log in again.');
    }
    if (!outcome) throw unauthenticated('The session has ended. Log in again.');
    return this.opener.open(outcome);
  }

  private async rotate(
    unit: SystemUnit,
    context: RequestContext,
    presented: string,
  ): Promise<StartedSession | 'replayed' | null> {
    // The session is locked, not the token alone: rotation, replay and log-out of one session take turns.
    const [found] = await unit.tx.$queryRaw<Found[]>`
      SELECT t.id AS token_id, t.used_at, s.id AS session_id, s.user_id, s.org_id, s.created_at AS logged_in_at,
             s.revoked_at IS NULL AND s.expires_at > now() AND t.expires_at > now() AND u.disabled_at IS NULL
               AND EXISTS (SELECT 1 FROM memberships m WHERE m.org_id = s.org_id AND m.user_id = s.user_id) AS holds
      FROM refresh_tokens t
      JOIN sessions s ON s.org_id = t.org_id AND s.id = t.session_id
      JOIN users u ON u.id = s.user_id
      WHERE t.token_hash = ${digestToken(presented)}
      FOR UPDATE OF t, s`;
    if (!found?.holds) return null;
    if (found.used_at) return this.revokeFamily(unit, context, found);
    const now = new Date();
    const expiresAt = sessionExpiry(found.logged_in_at, now);
    const refreshToken = newToken(REFRESH_TOKEN_PREFIX);
    const { session_id: sessionId, user_id: userId, org_id: orgId } = found;
    await unit.tx.refreshToken.update({ where: { id: found.token_id }, data: { usedAt: now } });
    await unit.tx.refreshToken.create({
      data: { orgId, sessionId, tokenHash: digestToken(refreshToken), expiresAt },
    });
    await unit.tx.session.update({ where: { id: sessionId }, data: { lastSeenAt: now, expiresAt } });
    await this.tell(unit, context, 'session.refreshed', found);
    return { sessionId, userId, orgId, refreshToken, expiresAt };
  }

  private async revokeFamily(unit: SystemUnit, context: RequestContext, found: Found): Promise<'replayed'> {
    await unit.tx.session.update({
      where: { id: found.session_id },
      data: { revokedAt: new Date(), revokedReason: 'REPLAY' },
    });
    await this.tell(unit, context, 'session.replayed', found);
    unit.afterCommit(() =>
      publishViewerChange(this.kernel.bus, {
        orgId: found.org_id,
        userId: found.user_id,
        credentialId: found.session_id,
      }),
    );
    return 'replayed';
  }

  private tell(
    unit: SystemUnit,
    context: RequestContext,
    type: 'session.refreshed' | 'session.replayed',
    { session_id: sessionId, user_id: userId, org_id: orgId }: Found,
  ): Promise<void> {
    return emitEvent(unit, context, type, {
      orgId,
      payload: { sessionId, userId },
      actor: { userId, credentialKind: 'SESSION', credentialId: sessionId },
    });
  }
}
