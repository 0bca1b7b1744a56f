import { describe, expect, it } from 'vitest';
import type { Permission } from '#core/permission';
import type { Viewer } from '#core/viewer';
import { canCancel, canChange, canDelete, canRead, canRetry, canWrite } from './conversation.policy.ts';

const viewer = (permissions: Permission[], userId = 'me', orgId = 'org'): Viewer => ({
  userId,
  userKind: 'HUMAN',
  orgId,
  role: 'CUSTOM',
  permissions,
  credential: { kind: 'SESSION', id: 'session', expiresAt: null },
});

const mine = { orgId: 'org', createdById: 'me', userIds: ['me', 'other'] };
const joined = { ...mine, createdById: 'other' };
const left = { ...mine, userIds: ['other'] };
const foreign = { ...mine, orgId: 'elsewhere' };

const MEMBER: Permission[] = ['conversations:read', 'conversations:write', 'runs:cancel'];
const ADMIN: Permission[] = [...MEMBER, 'conversations:read_all', 'conversations:manage_all'];

/** read, write, change, delete, cancel; retry one's own runs, and those of others */
const TABLE: [string, Permission[], typeof mine, string][] = [
  ['a member in the room that he made', MEMBER, mine, 'rwcdxo-'],
  ['a member in a room of another', MEMBER, joined, 'rwc-xo-'],
  ['a member who has left', MEMBER, left, '-------'],
  ['a member of another organization', MEMBER, foreign, '-------'],
  ['a reader in a room', ['conversations:read'], joined, 'r------'],
  ['a reader in the room that he made', ['conversations:read'], mine, 'r------'],
  ['whoever may do nothing', [], mine, '-------'],
  ['whoever may only write', ['conversations:write'], joined, '-wc--o-'],
  ['an auditor outside of the room', ['conversations:read', 'conversations:read_all'], left, 'r------'],
  ['an admin outside of the room', ADMIN, left, 'r-cdx--'],
  ['an admin in the room', ADMIN, joined, 'rwcdxoO'],
  ['an admin of another organization', ADMIN, foreign, '-------'],
];

describe('who may do what in a room', () => {
  it.each(TABLE)('%s', (_name, permissions, room, expected) => {
    const me = viewer(permissions);
    const may = [
      ['r', canRead],
      ['w', canWrite],
      ['c', canChange],
      ['d', canDelete],
      ['x', canCancel],
      ['o', (...room: Parameters<typeof canRead>) => canRetry(...room, { startedById: 'me' })],
      ['O', (...room: Parameters<typeof canRead>) => canRetry(...room, { startedById: 'other' })],
    ] as const;
    expect(may.map(([letter, check]) => (check(me, room) ? letter : '-')).join('')).toBe(expected);
  });
});
