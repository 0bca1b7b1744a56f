import { describe, expect, it } from 'vitest';
import { BUILT_IN_ROLES, type BuiltInRoleName, type Permission } from '#core/permission';
import type { Viewer } from '#core/viewer';
import { mayChangeRole, mayInvite, mayRemove } from '../member/member.policy.ts';
import { mayAssign, mayShape } from './role.policy.ts';
import { builtInRole, type Role } from './role.ts';

const viewer = (role: string, permissions: readonly Permission[]): Viewer => ({
  userId: 'me',
  userKind: 'HUMAN',
  orgId: 'here',
  role,
  permissions,
  credential: { kind: 'SESSION', id: 'session', expiresAt: null },
});
const builtIn = (role: BuiltInRoleName) => viewer(role, BUILT_IN_ROLES[role]);
const custom = (...permissions: Permission[]): Role => ({
  id: 'custom',
  name: 'Custom',
  builtIn: false,
  description: '',
  permissions,
});
const ROLES: BuiltInRoleName[] = ['OWNER', 'ADMIN', 'MEMBER', 'VIEWER'];

describe('giving and taking roles', () => {
  it.each<{ who: BuiltInRoleName; gives: BuiltInRoleName[] }>([
    { who: 'OWNER', gives: ['OWNER', 'ADMIN', 'MEMBER', 'VIEWER'] },
    { who: 'ADMIN', gives: ['ADMIN', 'MEMBER', 'VIEWER'] },
    { who: 'MEMBER', gives: [] },
    { who: 'VIEWER', gives: [] },
  ])('$who gives $gives', ({ who, gives }) => {
    expect(ROLES.filter((role) => mayInvite(builtIn(who), builtInRole(role)))).toEqual(gives);
    expect(ROLES.filter((role) => mayRemove(builtIn(who), builtInRole(role)))).toEqual(gives);
    const within = ROLES.filter((role) => mayChangeRole(builtIn(who), builtInRole('VIEWER'), builtInRole(role)));
    expect(within).toEqual(gives);
    const from = ROLES.filter((role) => mayChangeRole(builtIn(who), builtInRole(role), builtInRole('VIEWER')));
    expect(from).toEqual(gives);
  });

  it('makes no owners with all the permissions of one but another role', () => {
    expect(mayAssign(viewer('custom', BUILT_IN_ROLES.OWNER), builtInRole('OWNER'))).toBe(false);
  });

  it('makes no owners with an owner’s key that is narrowed by scopes', () => {
    const key = viewer('OWNER', ['members:manage', 'organization:read']);
    expect(mayAssign(key, builtInRole('OWNER'))).toBe(false);
    expect(mayAssign(key, custom('organization:read'))).toBe(true);
    expect(mayAssign(key, builtInRole('MEMBER'))).toBe(false);
  });
});

describe('shaping roles', () => {
  it.each<{ holds: Permission[]; shapes: Permission[]; allowed: boolean }>([
    { holds: ['agents:read', 'agents:write'], shapes: ['agents:write'], allowed: true },
    { holds: ['agents:read'], shapes: ['agents:write'], allowed: false },
    { holds: ['agents:read'], shapes: ['agents:read', 'agents:write'], allowed: false },
  ])('somebody who may $holds shapes $shapes: $allowed', ({ holds, shapes, allowed }) => {
    expect(mayShape(viewer('custom', holds), shapes)).toBe(allowed);
  });
});
