import { z } from 'zod';
import { isUniqueViolation } from '#core/database/failure';
import type { ScopedTransaction } from '#core/database/scoped-client';
import type { ScopedUnit } from '#core/database/transaction';
import { conflict, forbidden, notFound } from '#core/error';
import { isId } from '#core/id';
import type { Kernel } from '#core/kernel';
import { isPermission, type Permission } from '#core/permission';
import type { RequestContext } from '#core/request-context';
import { validate } from '#core/validate';
import { requireViewer } from '#core/viewer';
import { publishViewerChange } from '#core/viewer-change';
import { emitEvent } from '../identity-event.ts';
import { lockMemberships } from '../member/membership-lock.ts';
import { descriptionText, nameText } from '../text.ts';
import { mayShape } from './role.policy.ts';
import { ALL_BUILT_IN_ROLES, customRole, type Role } from './role.ts';

/** Enough for any organization, and few enough to be shown in one list. */
const MAX_CUSTOM_ROLES = 100;

const roleName = nameText.refine(
  (name) => ALL_BUILT_IN_ROLES.every((role) => role.name.toLowerCase() !== name.toLowerCase()),
  'There is a built-in role of this name',
);
const permissionList = z
  .array(z.string().refine(isPermission, 'There is no such permission'))
  .min(1, 'Name at least one permission')
  .transform((list) => [...new Set(list)] as Permission[]);

const createSchema = z.object({
  name: roleName,
  description: descriptionText.nullish(),
  permissions: permissionList,
});
const updateSchema = z.object({
  roleId: z.string(),
  name: roleName.nullish(),
  description: descriptionText.nullish(),
  permissions: permissionList.nullish(),
});

/** Shows the roles of an organization and changes those of its own making. */
export class RoleService {
  constructor(private readonly kernel: Pick<Kernel, 'database' | 'transactions' | 'bus'>) {}

  /** The built-in roles, then the custom ones by name. */
  async list(context: RequestContext): Promise<Role[]> {
    requireViewer(context.viewer);
    const rows = await this.kernel.database.scoped.customRole.findMany({
      orderBy: [{ name: 'asc' }, { id: 'asc' }],
      take: MAX_CUSTOM_ROLES,
    });
    return [...ALL_BUILT_IN_ROLES, ...rows.map(customRole)];
  }

  /** @throws ParleyError `FORBIDDEN` for permissions that the viewer lacks, `CONFLICT` where the name is taken. */
  async create(context: RequestContext, input: z.input<typeof createSchema>): Promise<Role> {
    const viewer = requireViewer(context.viewer);
    const { name, description, permissions } = validate(createSchema, input);
    if (!mayShape(viewer, permissions)) throw beyondReach();
    return this.named(async (unit) => {
      await lockMemberships(unit.tx, viewer.orgId);
      if ((await unit.tx.customRole.count()) >= MAX_CUSTOM_ROLES) {
        throw conflict(`An organization can have ${MAX_CUSTOM_ROLES} roles of its own: delete one first.`);
      }
      const row = await unit.tx.customRole.create({ data: { name, description: description ?? '', permissions } });
      await emitEvent(unit, context, 'role.created', {
        orgId: viewer.orgId,
        payload: { roleId: row.id, name, permissions },
      });
      return customRole(row);
    });
  }

  /** Whoever has the role has its new permissions at once. @throws ParleyError as `create`, and `NOT_FOUND`. */
  async update(context: RequestContext, input: z.input<typeof updateSchema>): Promise<Role> {
    const viewer = requireViewer(context.viewer);
    const { roleId, name, description, permissions } = validate(updateSchema, input);
    return this.named(async (unit) => {
      await lockMemberships(unit.tx, viewer.orgId);
      const present = await this.find(unit.tx, roleId);
      if (!mayShape(viewer, [...present.permissions, ...(permissions ?? [])])) throw beyondReach();
      const row = await unit.tx.customRole.update({
        where: { id: roleId },
        data: {
          ...(name && { name }),
          ...(description != null && { description }),
          ...(permissions && { permissions }),
        },
      });
      await emitEvent(unit, context, 'role.updated', {
        orgId: viewer.orgId,
        payload: { roleId, name: row.name, from: present.permissions, to: row.permissions },
      });
      unit.afterCommit(() => publishViewerChange(this.kernel.bus, { orgId: viewer.orgId }));
      return customRole(row);
    });
  }

  /** @throws ParleyError `CONFLICT` while somebody has the role or is invited to it. */
  async delete(context: RequestContext, { roleId }: { roleId: string }): Promise<string> {
    const viewer = requireViewer(context.viewer);
    return this.kernel.transactions.scoped(async (unit) => {
      await lockMemberships(unit.tx, viewer.orgId);
      const role = await this.find(unit.tx, roleId);
      if (!mayShape(viewer, role.permissions)) throw beyondReach();
      const members = await unit.tx.membership.count({ where: { customRoleId: roleId } });
      const invitations = await unit.tx.invitation.count({
        where: { customRoleId: roleId, acceptedAt: null, revokedAt: null, expiresAt: { gt: new Date() } },
      });
      if (members + invitations > 0) {
        throw conflict(`The role is in use by ${members} members and ${invitations} invitations: change those first.`);
      }
      await unit.tx.customRole.delete({ where: { id: roleId } });
      await emitEvent(unit, context, 'role.deleted', { orgId: viewer.orgId, payload: { roleId, name: role.name } });
      return roleId;
    });
  }

  private async find(tx: ScopedTransaction, id: string): Promise<Role> {
    const row = isId(id) ? await tx.customRole.findFirst({ where: { id } }) : null;
    if (!row) throw notFound('role');
    return customRole(row);
  }

  private async named(work: (unit: ScopedUnit) => Promise<Role>): Promise<Role> {
    try {
      return await this.kernel.transactions.scoped(work);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw conflict('There is a role of this name already.', [
        { path: 'input.name', message: 'There is a role of this name already.' },
      ]);
    }
  }
}

const beyondReach = () =>
  forbidden('A role cannot be made, changed or deleted by somebody who lacks one of its permissions.');
