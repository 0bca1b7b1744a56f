import { expect, it } from 'vitest';
import { BUILT_IN_ROLES, type BuiltInRoleName } from '#core/permission';
import type { Viewer } from '#core/viewer';
import { maySeeSession } from '../session/session.policy.ts';
import { maySeeEmail } from './user.policy.ts';

const viewer = (role: BuiltInRoleName): Viewer => ({
  userId: 'me',
  userKind: 'HUMAN',
  orgId: 'here',
  role,
  permissions: BUILT_IN_ROLES[role],
  credential: { kind: 'SESSION', id: 'session', expiresAt: null },
});

it.each<{ role: BuiltInRoleName; others: boolean }>([
  { role: 'OWNER', others: true },
  { role: 'ADMIN', others: true },
  { role: 'MEMBER', others: false },
  { role: 'VIEWER', others: false },
])('$role sees his own address and sessions, those of others: $others', ({ role, others }) => {
  expect(maySeeEmail(viewer(role), { id: 'me' })).toBe(true);
  expect(maySeeEmail(viewer(role), { id: 'other' })).toBe(others);
  expect(maySeeSession(viewer(role), { userId: 'me', orgId: 'elsewhere' })).toBe(true);
  expect(maySeeSession(viewer(role), { userId: 'other', orgId: 'here' })).toBe(others);
  expect(maySeeSession(viewer(role), { userId: 'other', orgId: 'elsewhere' })).toBe(false);
});

it('shows no address to nobody', () => {
  expect(maySeeEmail(null, { id: 'me' })).toBe(false);
});
