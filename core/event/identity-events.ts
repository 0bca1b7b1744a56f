import { type EventTypes, eventType, field } from './event-type.ts';

const { id, optionalText, text, texts, count, flag } = field;

const OF_USER = { fields: ['name', 'email'], userField: 'userId' } as const;
const FROM_TO = { before: 'from', after: 'to' } as const;
const session = { sessionId: id, userId: id };
const account = { userId: id, name: text, roleId: text.optional() };
const key = { apiKeyId: id, name: text, prefix: text, principalId: id };

/** What happens to people, organizations and what lets them in. */
export const IDENTITY_EVENTS: EventTypes = {
  'user.signed_up': eventType(
    'Somebody got an account.',
    'USER userId',
    { userId: id, name: text, email: text, method: text, provider: optionalText },
    { personal: OF_USER },
  ),
  'user.updated': eventType(
    'Somebody changed his profile.',
    'USER userId',
    { userId: id, name: text, before: field.settings, after: field.settings },
    { personal: { fields: ['name', 'before', 'after'], userField: 'userId' } },
  ),
  'user.password_changed': eventType('Somebody changed his password.', 'USER userId', {
    userId: id,
    revokedSessions: count,
  }),
  'user.erased': eventType('What said who somebody was is gone.', 'USER userId', { userId: id, accountErased: flag }),
  'session.started': eventType('Somebody logged in.', 'SESSION sessionId', { ...session, method: text }),
  'session.refreshed': eventType('A session got new tokens.', 'SESSION sessionId', session),
  'session.revoked': eventType('A session was ended.', 'SESSION sessionId', { ...session, reason: text }),
  'session.replayed': eventType(
    'A refresh token came a second time: its session was ended.',
    'SESSION sessionId',
    session,
  ),
  'organization.created': eventType('An organization was made.', 'ORGANIZATION organizationId', {
    organizationId: id,
    name: text,
    ownerId: id,
  }),
  'organization.updated': eventType('The settings of an organization changed.', 'ORGANIZATION organizationId', {
    organizationId: id,
    name: text,
    before: field.settings,
    after: field.settings,
  }),
  'member.joined': eventType('Somebody joined.', 'USER userId', { userId: id, roleId: text }),
  'member.role_changed': eventType(
    'Somebody has another role.',
    'USER userId',
    { userId: id, from: text, to: text },
    { change: FROM_TO },
  ),
  'member.removed': eventType('Somebody was removed.', 'USER userId', { userId: id, roleId: text }),
  'member.left': eventType('Somebody left.', 'USER userId', { userId: id, roleId: text }),
  'role.created': eventType('A role was made.', 'ROLE roleId', { roleId: id, name: text, permissions: texts }),
  'role.updated': eventType(
    'A role was changed.',
    'ROLE roleId',
    { roleId: id, name: text, from: texts, to: texts },
    { change: FROM_TO },
  ),
  'role.deleted': eventType('A role was deleted.', 'ROLE roleId', { roleId: id, name: text }),
  'api_key.created': eventType('An API key was made.', 'API_KEY apiKeyId', { ...key, scopes: texts }),
  'api_key.revoked': eventType('An API key was revoked.', 'API_KEY apiKeyId', key),
  'invitation.created': eventType(
    'Somebody was invited.',
    'INVITATION invitationId',
    { invitationId: id, email: text, roleId: text },
    { personal: { fields: ['email'], userField: null } },
  ),
  'invitation.revoked': eventType(
    'An invitation was revoked.',
    'INVITATION invitationId',
    { invitationId: id, email: text },
    { personal: { fields: ['email'], userField: null } },
  ),
  'invitation.accepted': eventType('An invitation was accepted.', 'INVITATION invitationId', {
    invitationId: id,
    userId: id,
  }),
  'service_account.created': eventType('A service account was made.', 'USER userId', account),
  'service_account.updated': eventType('A service account was changed.', 'USER userId', {
    ...account,
    before: field.settings,
    after: field.settings,
  }),
  'service_account.disabled': eventType('A service account was disabled.', 'USER userId', account),
  'service_account.enabled': eventType('A service account was enabled.', 'USER userId', account),
  'linked_account.added': eventType('Somebody can log in with a provider.', 'USER userId', {
    userId: id,
    provider: text,
    claimed: flag.optional(),
  }),
  'linked_account.removed': eventType('Somebody no longer logs in with a provider.', 'USER userId', {
    userId: id,
    provider: text,
  }),
};
