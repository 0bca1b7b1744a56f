import type { Viewer } from '#core/viewer';
import type { Run } from '#prisma/generated/client';

/** Whoever sent the message that is answered, with no more than reading what the reply needs. */
export const runViewer = (run: Run): Viewer => ({
  userId: run.startedById,
  userKind: 'HUMAN',
  orgId: run.orgId,
  role: 'WORKER',
  permissions: ['agents:read', 'organization:read', 'conversations:read'],
  credential: { kind: 'SESSION', id: run.id, expiresAt: null },
});
