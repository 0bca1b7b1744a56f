import type { Permission } from '#core/permission';
import type { Viewer } from '#core/viewer';
import type { Role } from './role.ts';

const OWNER = 'OWNER';

/** Whether the viewer may do all of this himself: what he cannot do, he cannot hand on either. */
export const holdsAll = (viewer: Viewer, permissions: readonly Permission[]): boolean =>
  permissions.every((permission) => viewer.permissions.includes(permission));

/**
 * Whether the viewer may give somebody this role, or take it from him. What matters is what he may do now: the key of
 * an owner that is narrowed by scopes makes no owners.
 */
export const mayAssign = (viewer: Viewer, role: Role): boolean =>
  holdsAll(viewer, role.permissions) && (role.id !== OWNER || viewer.role === OWNER);

/** Whether the viewer may make a role of these permissions, or change or delete one that has them. */
export const mayShape = holdsAll;
