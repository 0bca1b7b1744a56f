import { describe, expect, it } from 'vitest';
import type { Permission } from '#core/permission';
import type { Viewer } from '#core/viewer';
import { canChangeTask, canReadTask } from './task.policy.ts';

const task = { orgId: 'o', createdById: 'olga' };
const viewer = (userId: string, permissions: Permission[], orgId = 'o'): Viewer => ({
  userId,
  orgId,
  permissions,
  userKind: 'HUMAN',
  role: 'MEMBER',
  credential: { kind: 'SESSION', id: 's', expiresAt: null },
});

describe('who may do what with a task', () => {
  it.each([
    ['one’s own, to read', viewer('olga', ['tasks:read']), true, false],
    ['one’s own, to write', viewer('olga', ['tasks:read', 'tasks:write']), true, true],
    ['one’s own, without a permission', viewer('olga', []), false, false],
    ['that of another', viewer('max', ['tasks:read', 'tasks:write']), false, false],
    ['that of another, to manage', viewer('max', ['tasks:manage']), true, true],
    ['one of another organization', viewer('olga', ['tasks:read', 'tasks:write', 'tasks:manage'], 'p'), false, false],
  ])('%s', (_name, who, reads, changes) => {
    expect([canReadTask(who, task), canChangeTask(who, task)]).toEqual([reads, changes]);
  });
});
