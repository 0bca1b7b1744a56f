import { describe, expect, it } from 'vitest';
import { BUILT_IN_ROLES, type BuiltInRoleName, type Permission } from '#core/permission';
import type { Viewer } from '#core/viewer';
import { mayCreateApiKeyFor, mayHandOn, mayRevokeApiKey, maySeeApiKey, type Principal } from './api-key.policy.ts';

const viewer = (role: BuiltInRoleName, permissions: readonly Permission[] = BUILT_IN_ROLES[role]): Viewer => ({
  userId: 'me',
  userKind: 'HUMAN',
  orgId: 'here',
  role,
  permissions,
  credential: { kind: 'SESSION', id: 'session', expiresAt: null },
});
const PRINCIPALS: Record<string, Principal> = {
  self: { id: 'me', kind: 'HUMAN' },
  other: { id: 'other', kind: 'HUMAN' },
  service: { id: 'service', kind: 'SERVICE' },
};

describe.each<{ role: BuiltInRoleName; sees: string[]; makes: string[] }>([
  { role: 'OWNER', sees: ['self', 'other', 'service'], makes: ['self', 'service'] },
  { role: 'ADMIN', sees: ['self', 'other', 'service'], makes: ['self', 'service'] },
  { role: 'MEMBER', sees: ['self'], makes: ['self'] },
  { role: 'VIEWER', sees: [], makes: [] },
])('$role', ({ role, sees, makes }) => {
  it.each(Object.keys(PRINCIPALS))('meets the keys of %s', (whose) => {
    const principal = PRINCIPALS[whose] as Principal;
    expect(maySeeApiKey(viewer(role), principal)).toBe(sees.includes(whose));
    expect(mayRevokeApiKey(viewer(role), principal)).toBe(sees.includes(whose));
    expect(mayCreateApiKeyFor(viewer(role), principal)).toBe(makes.includes(whose));
  });
});

describe('what a key is handed', () => {
  it.each<{ holds: Permission[]; hands: Permission[]; allowed: boolean }>([
    { holds: ['agents:read', 'agents:write'], hands: ['agents:read'], allowed: true },
    { holds: ['agents:read'], hands: ['agents:read', 'agents:write'], allowed: false },
    { holds: [], hands: [], allowed: true },
    { holds: [], hands: ['agents:read'], allowed: false },
  ])('somebody who may $holds hands on $hands: $allowed', ({ holds, hands, allowed }) => {
    expect(mayHandOn(viewer('MEMBER', holds), hands)).toBe(allowed);
  });
});
