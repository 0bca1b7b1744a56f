import { notFound } from '#core/error';
import { isId } from '#core/id';
import { BUILT_IN_ROLES, type BuiltInRoleName, isPermission, type Permission } from '#core/permission';
import type { BuiltInRole, CustomRole } from '#prisma/generated/client';

/** A role, built in or made by the organization. */
export interface Role {
  /** The name of a built-in role, or the UUID of a custom one: what `Viewer.role` holds. */
  id: string;
  name: string;
  builtIn: boolean;
  description: string;
  permissions: readonly Permission[];
}

/** Where a role is written down, in memberships and invitations: exactly one of the two is set. */
export interface RoleColumns {
  builtInRole: BuiltInRole | null;
  customRoleId: string | null;
}

/** A row with the role that it refers to. */
export interface WithRole extends RoleColumns {
  customRole: CustomRole | null;
}

const DESCRIPTIONS: Record<BuiltInRoleName, string> = {
  OWNER: 'May do everything. Only owners make other owners, and there is always one.',
  ADMIN: 'May do everything but change the organization itself.',
  MEMBER: 'Talks with agents, and makes and edits them.',
  VIEWER: 'Looks on.',
};

export const builtInRole = (name: BuiltInRoleName): Role => ({
  id: name,
  name: name.charAt(0) + name.slice(1).toLowerCase(),
  builtIn: true,
  description: DESCRIPTIONS[name],
  permissions: BUILT_IN_ROLES[name],
});

export const customRole = (row: CustomRole): Role => ({
  id: row.id,
  name: row.name,
  builtIn: false,
  description: row.description,
  // One that an upgrade has taken out of the list is worth nothing any more.
  permissions: row.permissions.filter(isPermission),
});

export const ALL_BUILT_IN_ROLES: readonly Role[] = (Object.keys(BUILT_IN_ROLES) as BuiltInRoleName[]).map(builtInRole);

export function roleOf(row: WithRole): Role {
  if (row.builtInRole) return builtInRole(row.builtInRole);
  if (row.customRole) return customRole(row.customRole);
  throw new Error('A membership has no role, which the database forbids.');
}

export const roleColumns = (role: Role): RoleColumns =>
  role.builtIn
    ? { builtInRole: role.id as BuiltInRoleName, customRoleId: null }
    : { builtInRole: null, customRoleId: role.id };

interface CustomRoleReader {
  customRole: { findFirst(args: { where: { id: string; orgId: string } }): PromiseLike<CustomRole | null> };
}

/**
 * A role that can be given in the organization.
 * @throws ParleyError `NOT_FOUND`
 */
export async function findRole(reader: CustomRoleReader, orgId: string, id: string): Promise<Role> {
  if (Object.hasOwn(BUILT_IN_ROLES, id)) return builtInRole(id as BuiltInRoleName);
  const row = isId(id) ? await reader.customRole.findFirst({ where: { id, orgId } }) : null;
  if (!row) throw notFound('role');
  return customRole(row);
}
