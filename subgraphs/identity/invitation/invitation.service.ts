import { z } from 'zod';
import { conflict, forbidden, notFound } from '#core/error';
import type { PageArgs } from '#core/graphql/pagination';
import { isId } from '#core/id';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import { validate } from '#core/validate';
import { requireViewer } from '#core/viewer';
import type { CustomRole, Invitation } from '#prisma/generated/client';
import { digestToken, newToken } from '../authentication/opaque-token.ts';
import { type CreatedPage, readCreatedPage } from '../created-page.ts';
import { emitEvent } from '../identity-event.ts';
import { mayInvite } from '../member/member.policy.ts';
import { lockMemberships } from '../member/membership-lock.ts';
import { findRole, roleColumns } from '../role/role.ts';
import { emailAddress } from '../text.ts';
import { INVITATION_TOKEN_PREFIX } from './invitation-claim.ts';

/** An invitation that nobody has accepted ends by itself. */
const LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;

const createSchema = z.object({ email: emailAddress, roleId: z.string() });

export type InvitationRow = Omit<Invitation, 'tokenHash'> & { customRole: CustomRole | null };

export interface InvitationList {
  page: CreatedPage;
  rows: InvitationRow[];
  count: () => Promise<number>;
}

const SHOWN = { omit: { tokenHash: true }, include: { customRole: true } } as const;

/** Invites people into the organization. There is no mail server: whoever invites passes the token on. */
export class InvitationService {
  constructor(private readonly kernel: Pick<Kernel, 'database' | 'transactions'>) {}

  /** All invitations, the newest first, those that are over included. */
  async list(context: RequestContext, args: PageArgs): Promise<InvitationList> {
    requireViewer(context.viewer);
    const page = readCreatedPage(args, 'desc');
    const { take, orderBy, beyond } = page;
    const { invitation } = this.kernel.database.scoped;
    const rows = await invitation.findMany({ where: beyond, ...SHOWN, take, orderBy });
    return { page, rows, count: async () => invitation.count() };
  }

  /**
   * Returns the token, which cannot be had again. An open invitation of the same person is revoked by it.
   * @throws ParleyError `FORBIDDEN` for a role beyond the viewer's reach, `CONFLICT` where the person is a member.
   */
  async create(
    context: RequestContext,
    input: z.input<typeof createSchema>,
  ): Promise<{ invitation: InvitationRow; token: string }> {
    const viewer = requireViewer(context.viewer);
    const { email, roleId } = validate(createSchema, input);
    return this.kernel.transactions.scoped(async (unit) => {
      await lockMemberships(unit.tx, viewer.orgId);
      const role = await findRole(unit.tx, viewer.orgId, roleId);
      if (!mayInvite(viewer, role)) throw forbidden('That role allows more than you may do yourself.');
      if (await unit.tx.membership.findFirst({ where: { user: { email } } })) {
        throw conflict('This person is a member already.', [{ path: 'input.email', message: 'Is a member already.' }]);
      }
      const now = new Date();
      await unit.tx.invitation.updateMany({
        where: { email, acceptedAt: null, revokedAt: null },
        data: { revokedAt: now },
      });
      const token = newToken(INVITATION_TOKEN_PREFIX);
      const invitation = await unit.tx.invitation.create({
        data: {
          email,
          ...roleColumns(role),
          tokenHash: digestToken(token),
          invitedById: viewer.userId,
          expiresAt: new Date(now.getTime() + LIFETIME_MS),
        },
        ...SHOWN,
      });
      await emitEvent(unit, context, 'invitation.created', {
        orgId: viewer.orgId,
        payload: { invitationId: invitation.id, email, roleId: role.id },
      });
      return { invitation, token };
    });
  }

  /** @throws ParleyError `NOT_FOUND`, or `CONFLICT` where it has been accepted. */
  async revoke(context: RequestContext, { invitationId }: { invitationId: string }): Promise<InvitationRow> {
    const viewer = requireViewer(context.viewer);
    return this.kernel.transactions.scoped(async (unit) => {
      const found = isId(invitationId) ? await unit.tx.invitation.findFirst({ where: { id: invitationId } }) : null;
      if (!found) throw notFound('invitation');
      const { count } = await unit.tx.invitation.updateMany({
        where: { id: invitationId, acceptedAt: null, revokedAt: null },
        data: { revokedAt: new Date() },
      });
      if (count > 0) {
        await emitEvent(unit, context, 'invitation.revoked', {
          orgId: viewer.orgId,
          payload: { invitationId, email: found.email },
        });
      }
      const row = await unit.tx.invitation.findFirstOrThrow({ where: { id: invitationId }, ...SHOWN });
      if (row.acceptedAt) throw conflict('The invitation has been accepted: remove the member instead.');
      return row;
    });
  }
}
