import type { SystemUnit } from '#core/database/transaction';
import { forbidden, ParleyError } from '#core/error';
import type { RequestContext } from '#core/request-context';
import { digestToken } from '../authentication/opaque-token.ts';
import { emitEvent } from '../identity-event.ts';
import { joinOrganization } from '../member/member-joining.ts';

export const INVITATION_TOKEN_PREFIX = 'pit_';

export const invitationNotOpen = () =>
  new ParleyError(
    'NOT_FOUND',
    'This invitation is not open: it was accepted, revoked or has expired. Ask for a new one.',
  );

/** Finds an invitation that is still open, by its token. */
export const openInvitation = (token: string) => ({
  tokenHash: digestToken(token),
  acceptedAt: null,
  revokedAt: null,
  expiresAt: { gt: new Date() },
});

/**
 * Makes a user a member by an invitation, within a transaction; of two that try at once, one succeeds.
 * Returns the id of the organization.
 * @throws ParleyError `NOT_FOUND` where it is not open, `FORBIDDEN` where it is somebody else's, `CONFLICT` where the
 * user is a member already.
 */
export async function claimInvitation(
  unit: SystemUnit,
  context: RequestContext,
  { token, userId, email }: { token: string; userId: string; email: string | null },
): Promise<string> {
  const open = openInvitation(token);
  const [invitation] = await unit.tx.invitation.updateManyAndReturn({ where: open, data: { acceptedAt: new Date() } });
  if (!invitation) throw invitationNotOpen();
  if (invitation.email !== email) {
    throw forbidden('This invitation is for another e-mail address: log in with the account that it was made for.');
  }
  const { orgId, id: invitationId } = invitation;
  await joinOrganization(unit, context, { orgId, userId, role: invitation });
  await emitEvent(unit, context, 'invitation.accepted', { orgId, payload: { invitationId, userId } });
  return orgId;
}
