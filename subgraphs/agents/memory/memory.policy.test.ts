import { expect, it } from 'vitest';
import { BUILT_IN_ROLES, type BuiltInRoleName, type Permission } from '#core/permission';
import type { Viewer } from '#core/viewer';
import { canErase, canSee, canWrite, type MemoryFacts } from './memory.policy.ts';

const viewer = (role: BuiltInRoleName, orgId: string): Viewer => ({
  userId: 'me',
  userKind: 'HUMAN',
  orgId,
  role,
  permissions: BUILT_IN_ROLES[role],
  credential: { kind: 'SESSION', id: 'session', expiresAt: null },
});

const block = (scope: MemoryFacts['scope'], subjectId: string): MemoryFacts => ({ orgId: 'home', scope, subjectId });

it('a key that reads erases nothing, whose ever it is', () => {
  const key = (permissions: Permission[]): Viewer => ({
    ...viewer('OWNER', 'home'),
    permissions,
    credential: { kind: 'API_KEY', id: 'key', expiresAt: null },
  });
  expect(canErase(key(['memory:read']), block('USER', 'me'))).toBe(false);
  expect(canErase(key(['memory:read', 'memory:write']), block('USER', 'me'))).toBe(true);
});

it.each<[BuiltInRoleName, MemoryFacts, boolean, boolean, boolean]>([
  ['OWNER', block('ORG', 'home'), true, true, true],
  ['OWNER', block('AGENT', 'ada'), true, true, true],
  ['OWNER', block('USER', 'me'), true, true, true],
  ['OWNER', block('USER', 'another'), false, false, false],
  ['MEMBER', block('ORG', 'home'), true, true, true],
  ['MEMBER', block('CONVERSATION', 'room'), true, true, true],
  ['MEMBER', block('USER', 'me'), true, true, true],
  ['VIEWER', block('ORG', 'home'), true, false, false],
  ['VIEWER', block('USER', 'me'), true, false, true],
  ['VIEWER', block('USER', 'another'), false, false, false],
])('%s and %o', (role, facts, sees, writes, erases) => {
  const verdicts = (orgId: string) => [canSee, canWrite, canErase].map((policy) => policy(viewer(role, orgId), facts));
  expect(verdicts('home')).toEqual([sees, writes, erases]);
  expect(verdicts('elsewhere')).toEqual([false, false, false]);
});
