import { can, type Viewer } from '#core/viewer';

/** What decides about a room: where it belongs, who made it and who is in it now. */
export interface RoomFacts {
  orgId: string;
  createdById: string;
  /** The ids of the people in it. */
  userIds: readonly string[];
}

const takesPart = (viewer: Viewer, room: RoomFacts): boolean =>
  room.orgId === viewer.orgId && room.userIds.includes(viewer.userId);

/** Whoever takes part, and whoever may read every room of the organization. */
export const canRead = (viewer: Viewer, room: RoomFacts): boolean =>
  room.orgId === viewer.orgId &&
  ((takesPart(viewer, room) && can(viewer, 'conversations:read')) || can(viewer, 'conversations:read_all'));

/** Only those who take part write in a room: nobody speaks in one that he is not seen in. */
export const canWrite = (viewer: Viewer, room: RoomFacts): boolean =>
  takesPart(viewer, room) && can(viewer, 'conversations:write');

/** Whoever takes part says how far he has read, also where he may not write. */
export const canMark = (viewer: Viewer, room: RoomFacts): boolean =>
  takesPart(viewer, room) && can(viewer, 'conversations:read');

/** Its title, and who is in it: whoever may write in it, and those who manage every room. */
export const canChange = (viewer: Viewer, room: RoomFacts): boolean =>
  canWrite(viewer, room) || (room.orgId === viewer.orgId && can(viewer, 'conversations:manage_all'));

/** Whoever made it, and those who manage every room. */
export const canDelete = (viewer: Viewer, room: RoomFacts): boolean =>
  (canWrite(viewer, room) && room.createdById === viewer.userId) ||
  (room.orgId === viewer.orgId && can(viewer, 'conversations:manage_all'));

/** Whoever takes part, and those who manage every room. */
export const canCancel = (viewer: Viewer, room: RoomFacts): boolean =>
  can(viewer, 'runs:cancel') &&
  (takesPart(viewer, room) || (room.orgId === viewer.orgId && can(viewer, 'conversations:manage_all')));

/**
 * A run goes on in the name of whoever started it, with what agents keep in mind of him: he retries it where he writes, and so
 * do those there who manage every room.
 */
export const canRetry = (viewer: Viewer, room: RoomFacts, run: { startedById: string }): boolean =>
  canWrite(viewer, room) && (run.startedById === viewer.userId || can(viewer, 'conversations:manage_all'));
