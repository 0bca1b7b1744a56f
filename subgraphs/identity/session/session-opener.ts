import type { Database } from '#core/database/database';
import { unauthenticated } from '#core/error';
import type { Viewer } from '#core/viewer';
import type { Organization, User } from '#prisma/generated/client';
import type { AccessTokens } from '../authentication/access-token.ts';
import { type Role, roleOf } from '../role/role.ts';
import type { StartedSession } from './session-start.ts';

/** A user without what only authentication may read. */
export type UserRow = Omit<User, 'passwordHash'>;

/** Who a viewer is, in full. */
export interface Identity {
  viewer: Viewer;
  user: UserRow;
  organization: Organization;
  role: Role;
}

/** All that a client is given when a session begins or goes on. */
export interface OpenedSession extends Identity {
  accessToken: string;
  refreshToken: string;
  /** When the access token expires. */
  expiresAt: Date;
  /** When the refresh token does. */
  sessionExpiresAt: Date;
}

/** Hands out the access token of a session that has just been started or refreshed. */
export class SessionOpener {
  constructor(
    private readonly database: Database,
    private readonly accessTokens: AccessTokens,
  ) {}

  /** @throws ParleyError `UNAUTHENTICATED` where the user has lost his membership in between. */
  async open({ sessionId, userId, orgId, refreshToken, expiresAt }: StartedSession): Promise<OpenedSession> {
    const membership = await this.database.system.membership.findFirst({
      where: { orgId, userId },
      include: { user: { omit: { passwordHash: true } }, organization: true, customRole: true },
    });
    if (!membership) throw unauthenticated('This account does not belong to the organization any more.');
    const { token, expiresAt: tokenExpiresAt } = await this.accessTokens.sign({ sessionId, userId, orgId });
    const role = roleOf(membership);
    const viewer: Viewer = {
      userId,
      userKind: membership.user.kind,
      orgId,
      role: role.id,
      permissions: role.permissions,
      credential: { kind: 'SESSION', id: sessionId, expiresAt: tokenExpiresAt.getTime() },
    };
    return {
      viewer,
      user: membership.user,
      organization: membership.organization,
      role,
      accessToken: token,
      refreshToken,
      expiresAt: tokenExpiresAt,
      sessionExpiresAt: expiresAt,
    };
  }
}
