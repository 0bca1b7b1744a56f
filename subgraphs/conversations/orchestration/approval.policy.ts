import { BUILT_IN_ROLES, type BuiltInRoleName } from '#core/permission';
import type { Viewer } from '#core/viewer';
import { can } from '#core/viewer';
import { canWrite, type RoomFacts } from '../conversation.policy.ts';

/** From the least to the most. */
const RANKS = Object.keys(BUILT_IN_ROLES).reverse();

/** Whether a role is the required one, or a built-in one that stands above it. */
export function hasRole(role: string, required: string | null): boolean {
  if (required === null || role === required) return true;
  const [rank, least] = [RANKS.indexOf(role), RANKS.indexOf(required as BuiltInRoleName)];
  return least >= 0 && rank >= least;
}

/** Whoever writes in the room, may decide at all, and has the role that was asked for. */
export const canDecide = (viewer: Viewer, room: RoomFacts, requiredRole: string | null): boolean =>
  canWrite(viewer, room) && can(viewer, 'runs:approve') && hasRole(viewer.role, requiredRole);
