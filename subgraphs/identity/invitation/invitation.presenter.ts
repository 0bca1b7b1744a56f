import type { RequestContext } from '#core/request-context';
import type { UserLoader } from '../account/user.loaders.ts';
import { presentUserById } from '../account/user.presenter.ts';
import { presentRole } from '../role/role.presenter.ts';
import { roleOf } from '../role/role.ts';
import type { InvitationRow } from './invitation.service.ts';
import { InvitationState } from './invitation.type.ts';

export const presentInvitation = (row: InvitationRow, context: RequestContext, users: UserLoader) => ({
  id: row.id,
  email: row.email,
  role: presentRole(roleOf(row)),
  state: stateOf(row),
  invitedBy: presentUserById(row.invitedById, context, users),
  createdAt: row.createdAt,
  expiresAt: row.expiresAt,
});

function stateOf({ acceptedAt, revokedAt, expiresAt }: InvitationRow): InvitationState {
  if (acceptedAt) return InvitationState.ACCEPTED;
  if (revokedAt) return InvitationState.REVOKED;
  return expiresAt.getTime() <= Date.now() ? InvitationState.EXPIRED : InvitationState.PENDING;
}
