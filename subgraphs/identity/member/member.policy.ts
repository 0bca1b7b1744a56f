import { can, type Viewer } from '#core/viewer';
import { mayAssign } from '../role/role.policy.ts';
import type { Role } from '../role/role.ts';

/** Whether the viewer may put a member from one role into another. Nobody can reach above himself. */
export const mayChangeRole = (viewer: Viewer, from: Role, to: Role): boolean =>
  can(viewer, 'members:manage') && mayAssign(viewer, from) && mayAssign(viewer, to);

/** Whether the viewer may remove somebody who has this role. */
export const mayRemove = (viewer: Viewer, role: Role): boolean =>
  can(viewer, 'members:manage') && mayAssign(viewer, role);

/** Whether the viewer may bring somebody in with this role. */
export const mayInvite = mayRemove;
