import { expect, it } from 'vitest';
import { BUILT_IN_ROLES, type BuiltInRoleName } from '#core/permission';
import type { Viewer } from '#core/viewer';
import { belongsTo, canEdit, canPublish, canSee, isInUse } from './agent.policy.ts';

const viewer = (role: BuiltInRoleName, orgId: string): Viewer => ({
  userId: 'user',
  userKind: 'HUMAN',
  orgId,
  role,
  permissions: BUILT_IN_ROLES[role],
  credential: { kind: 'SESSION', id: 'session', expiresAt: null },
});
const agent = { orgId: 'home', archivedAt: null };

it.each<[BuiltInRoleName, boolean, boolean, boolean]>([
  ['OWNER', true, true, true],
  ['ADMIN', true, true, true],
  ['MEMBER', true, true, false],
  ['VIEWER', true, false, false],
])('%s', (role, sees, edits, publishes) => {
  const verdicts = (orgId: string) => [canSee, canEdit, canPublish].map((policy) => policy(viewer(role, orgId), agent));
  expect(verdicts('home')).toEqual([sees, edits, publishes]);
  expect(verdicts('elsewhere')).toEqual([false, false, false]);
  expect(belongsTo(viewer(role, 'elsewhere'), agent)).toBe(false);
});

it('takes an archived agent for out of use', () => {
  expect([agent, { ...agent, archivedAt: new Date() }].map(isInUse)).toEqual([true, false]);
});
