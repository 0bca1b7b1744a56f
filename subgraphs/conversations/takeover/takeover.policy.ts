import { can, type Viewer } from '#core/viewer';
import type { RoomFacts } from '../conversation.policy.ts';

/** Whoever takes part, and those who manage every room. */
export const canTakeOver = (viewer: Viewer, room: RoomFacts): boolean =>
  room.orgId === viewer.orgId &&
  can(viewer, 'conversations:take_over') &&
  (room.userIds.includes(viewer.userId) || can(viewer, 'conversations:manage_all'));
