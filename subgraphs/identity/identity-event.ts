import type { Unit } from '#core/database/transaction';
import { newId } from '#core/id';
import type { EventActor } from '#core/outbox/event';
import type { RequestContext } from '#core/request-context';

/** Everything that identity tells the rest of the installation. What each one carries is listed in the README. */
export type IdentityEventType =
  | 'user.signed_up'
  | 'user.updated'
  | 'user.password_changed'
  | 'user.erased'
  | 'session.started'
  | 'session.refreshed'
  | 'session.revoked'
  | 'session.replayed'
  | 'organization.created'
  | 'organization.updated'
  | 'member.joined'
  | 'member.role_changed'
  | 'member.removed'
  | 'member.left'
  | 'role.created'
  | 'role.updated'
  | 'role.deleted'
  | 'api_key.created'
  | 'api_key.revoked'
  | 'invitation.created'
  | 'invitation.revoked'
  | 'invitation.accepted'
  | 'service_account.created'
  | 'service_account.updated'
  | 'service_account.disabled'
  | 'service_account.enabled'
  | 'linked_account.added'
  | 'linked_account.removed';

export interface IdentityEvent {
  orgId: string;
  /** Ids, names and reasons; never a password, a token or a hash of one. */
  payload: Record<string, unknown>;
  /** Who did it, where that is neither the viewer of the request nor, without one, whom it is about. */
  actor?: Pick<EventActor, 'userId' | 'credentialKind' | 'credentialId'>;
}

/** Writes an event with the change that it tells of, with who caused it and through which request. */
export function emitEvent(
  unit: Pick<Unit<unknown>, 'emit'>,
  context: RequestContext,
  type: IdentityEventType,
  { orgId, payload, actor }: IdentityEvent,
): Promise<void> {
  const { viewer, requestId, client } = context;
  const newcomer = payload.userId ?? payload.ownerId;
  const who =
    actor ??
    (viewer
      ? { userId: viewer.userId, credentialKind: viewer.credential.kind, credentialId: viewer.credential.id }
      : typeof newcomer === 'string' && { userId: newcomer });
  return unit.emit({
    id: newId(),
    orgId,
    type,
    payload,
    ...(who && { actor: { ...who, requestId, ip: client.ip, userAgent: client.userAgent } }),
  });
}
