import { can, type Viewer } from '#core/viewer';
import type { MemoryScope } from '#prisma/generated/client';

/** What decides about a block: where it belongs. */
export interface MemoryFacts {
  orgId: string;
  scope: MemoryScope;
  subjectId: string;
}

/** What is remembered of a person is nobody else's to see, whatever their role. */
const isPrivateToAnother = (viewer: Viewer, block: MemoryFacts): boolean =>
  block.scope === 'USER' && block.subjectId !== viewer.userId;

/** Whether the block exists for the viewer. One of a room does only for those who see the room, which others decide. */
export const concerns = (viewer: Viewer, block: MemoryFacts): boolean =>
  block.orgId === viewer.orgId && !isPrivateToAnother(viewer, block);

export const canSee = (viewer: Viewer, block: MemoryFacts): boolean =>
  concerns(viewer, block) && can(viewer, 'memory:read');

export const canWrite = (viewer: Viewer, block: MemoryFacts): boolean =>
  concerns(viewer, block) && can(viewer, 'memory:write');

/** What is remembered of oneself can be erased by whoever can see it, but not by a key of his that only reads. */
export const canErase = (viewer: Viewer, block: MemoryFacts): boolean =>
  canWrite(viewer, block) || (block.scope === 'USER' && viewer.credential.kind === 'SESSION' && canSee(viewer, block));
