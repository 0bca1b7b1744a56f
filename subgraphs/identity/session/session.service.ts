import { notFound } from '#core/error';
import type { PageArgs } from '#core/graphql/pagination';
import { isId } from '#core/id';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import { requirePermission, type Viewer } from '#core/viewer';
import type { Organization, Session } from '#prisma/generated/client';
import { type CreatedPage, readCreatedPage } from '../created-page.ts';
import { emitEvent } from '../identity-event.ts';
import { chooseOrganization } from './organization-choice.ts';
import { mayRevokeSession, requirePerson } from './session.policy.ts';
import type { OpenedSession, SessionOpener } from './session-opener.ts';
import { revokeSessions } from './session-revocation.ts';
import { startSession } from './session-start.ts';

export type SessionRow = Session & { organization: Organization };

export interface SessionList {
  page: CreatedPage;
  rows: SessionRow[];
  count: () => Promise<number>;
}

/** Shows sessions, ends them, and goes from one organization to another. */
export class SessionService {
  constructor(
    private readonly kernel: Pick<Kernel, 'database' | 'transactions' | 'bus'>,
    private readonly opener: SessionOpener,
  ) {}

  /** The live sessions of the viewer, in all his organizations, or those of another member in this one. */
  async list(context: RequestContext, args: PageArgs, userId: string | null): Promise<SessionList> {
    const viewer = requirePerson(context.viewer);
    const page = readCreatedPage(args, 'desc');
    const where = { ...this.whose(viewer, userId), revokedAt: null, expiresAt: { gt: new Date() } };
    const { system } = this.kernel.database;
    const { take, orderBy, beyond } = page;
    const rows = await system.session.findMany({
      where: { AND: [where, beyond] },
      include: { organization: true },
      take,
      orderBy,
    });
    return { page, rows, count: () => system.session.count({ where }) };
  }

  async logOut(context: RequestContext): Promise<string> {
    const viewer = requirePerson(context.viewer);
    await this.end(context, viewer.credential.id, 'LOG_OUT');
    return viewer.credential.id;
  }

  /** @throws ParleyError `NOT_FOUND` */
  async revoke(context: RequestContext, { sessionId }: { sessionId: string }): Promise<string> {
    requirePerson(context.viewer);
    await this.end(context, sessionId, 'REVOKED');
    return sessionId;
  }

  /** Ends the present session and starts one in another organization of the viewer's. */
  async switchOrganization(
    context: RequestContext,
    { organizationId }: { organizationId: string },
  ): Promise<OpenedSession> {
    const viewer = requirePerson(context.viewer);
    const started = await this.kernel.transactions.system(async (unit) => {
      const { userId, credential } = viewer;
      const orgId = await chooseOrganization(unit.tx, userId, organizationId);
      const present = await unit.tx.session.findFirst({ where: { id: credential.id, userId, revokedAt: null } });
      if (!present) throw notFound('session');
      await revokeSessions(unit, this.kernel.bus, { userId, id: credential.id }, 'SWITCHED');
      return startSession(unit, context, { userId, orgId, method: 'SWITCH', loggedInAt: present.createdAt });
    });
    return this.opener.open(started);
  }

  private whose(viewer: Viewer, userId: string | null): { userId: string; orgId?: string } {
    if (userId === null || userId === viewer.userId) return { userId: viewer.userId };
    requirePermission(viewer, 'sessions:manage_all');
    if (!isId(userId)) throw notFound('user');
    return { userId, orgId: viewer.orgId };
  }

  private async end(context: RequestContext, sessionId: string, reason: 'LOG_OUT' | 'REVOKED'): Promise<void> {
    const viewer = requirePerson(context.viewer);
    if (!isId(sessionId)) throw notFound('session');
    await this.kernel.transactions.system(async (unit) => {
      const session = await unit.tx.session.findFirst({ where: { id: sessionId, revokedAt: null } });
      if (!session || !mayRevokeSession(viewer, session)) throw notFound('session');
      const { userId, orgId } = session;
      await revokeSessions(unit, this.kernel.bus, { userId, id: sessionId }, reason);
      await emitEvent(unit, context, 'session.revoked', { orgId, payload: { sessionId, userId, reason } });
    });
  }
}
