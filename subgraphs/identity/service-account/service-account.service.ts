import { z } from 'zod';
import type { SystemUnit } from '#core/database/transaction';
import { badInput, forbidden, notFound } from '#core/error';
import type { PageArgs } from '#core/graphql/pagination';
import { isId, newId } from '#core/id';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import { validate } from '#core/validate';
import { requireViewer, type Viewer } from '#core/viewer';
import { publishViewerChange } from '#core/viewer-change';
import { type CreatedPage, readCreatedPage } from '../created-page.ts';
import { emitEvent, type IdentityEventType } from '../identity-event.ts';
import type { MemberRow } from '../member/member.service.ts';
import { lockMemberships } from '../member/membership-lock.ts';
import { mayAssign } from '../role/role.policy.ts';
import { findRole, type Role, roleColumns, roleOf } from '../role/role.ts';
import { nameText } from '../text.ts';

const createSchema = z.object({ name: nameText, roleId: z.string() });
const updateSchema = z.object({
  serviceAccountId: z.string(),
  name: nameText.nullish(),
  roleId: z.string().nullish(),
});

export interface ServiceAccountList {
  page: CreatedPage;
  rows: MemberRow[];
  count: () => Promise<number>;
}

const SERVICES = { user: { kind: 'SERVICE' } } as const;
const WITH_USER_AND_ROLE = { user: { omit: { passwordHash: true } }, customRole: true } as const;

/**
 * Accounts for programs: users without e-mail and password that belong to one organization and act through API keys.
 * They are written across the wall between organizations, since the role inside of it makes no users.
 */
export class ServiceAccountService {
  constructor(private readonly kernel: Pick<Kernel, 'database' | 'transactions' | 'bus'>) {}

  async list(context: RequestContext, args: PageArgs): Promise<ServiceAccountList> {
    requireViewer(context.viewer);
    const page = readCreatedPage(args, 'asc');
    const { take, orderBy, beyond } = page;
    const { membership } = this.kernel.database.scoped;
    const rows = await membership.findMany({
      where: { AND: [SERVICES, beyond] },
      include: { user: true, customRole: true },
      take,
      orderBy,
    });
    return { page, rows, count: async () => membership.count({ where: SERVICES }) };
  }

  async create(context: RequestContext, input: z.input<typeof createSchema>): Promise<MemberRow> {
    const viewer = requireViewer(context.viewer);
    const { orgId } = viewer;
    const { name, roleId } = validate(createSchema, input);
    return this.kernel.transactions.system(async (unit) => {
      const role = await this.assignable(unit, viewer, roleId);
      const userId = newId();
      await unit.tx.user.create({ data: { id: userId, kind: 'SERVICE', name } });
      await unit.tx.membership.create({ data: { orgId, userId, ...roleColumns(role) } });
      await this.tell(unit, context, 'service_account.created', { userId, name, roleId: role.id });
      return this.find(unit, orgId, userId);
    });
  }

  async update(context: RequestContext, input: z.input<typeof updateSchema>): Promise<MemberRow> {
    const viewer = requireViewer(context.viewer);
    const { serviceAccountId: userId, name, roleId } = validate(updateSchema, input);
    return this.kernel.transactions.system(async (unit) => {
      const account = await this.findWithinReach(unit, viewer, userId);
      if (name) await unit.tx.user.update({ where: { id: userId }, data: { name } });
      if (roleId) {
        const role = await this.assignable(unit, viewer, roleId);
        await unit.tx.membership.update({ where: { id: account.id }, data: roleColumns(role) });
        unit.afterCommit(() => publishViewerChange(this.kernel.bus, { orgId: viewer.orgId, userId }));
      }
      const updated = await this.find(unit, viewer.orgId, userId);
      const [before, after] = [account, updated].map((row) => ({ name: row.user.name, roleId: roleOf(row).id }));
      await this.tell(unit, context, 'service_account.updated', { userId, ...after, before, after });
      return updated;
    });
  }

  /** While it is disabled its keys open nothing; they work again once it is enabled. */
  async setDisabled(context: RequestContext, userId: string, disabled: boolean): Promise<MemberRow> {
    const viewer = requireViewer(context.viewer);
    return this.kernel.transactions.system(async (unit) => {
      const account = await this.findWithinReach(unit, viewer, userId);
      if ((account.user.disabledAt !== null) === disabled) return account;
      await unit.tx.user.update({ where: { id: userId }, data: { disabledAt: disabled ? new Date() : null } });
      const type = disabled ? 'service_account.disabled' : 'service_account.enabled';
      await this.tell(unit, context, type, { userId, name: account.user.name });
      unit.afterCommit(() => publishViewerChange(this.kernel.bus, { orgId: viewer.orgId, userId }));
      return this.find(unit, viewer.orgId, userId);
    });
  }

  private async find(unit: SystemUnit, orgId: string, userId: string): Promise<MemberRow> {
    const account = isId(userId)
      ? await unit.tx.membership.findFirst({ where: { orgId, userId, ...SERVICES }, include: WITH_USER_AND_ROLE })
      : null;
    if (!account) throw notFound('service account');
    return account;
  }

  private async findWithinReach(unit: SystemUnit, viewer: Viewer, userId: string): Promise<MemberRow> {
    await lockMemberships(unit.tx, viewer.orgId);
    const account = await this.find(unit, viewer.orgId, userId);
    if (!mayAssign(viewer, roleOf(account))) throw forbidden('That service account may do more than you.');
    return account;
  }

  private async assignable(unit: SystemUnit, viewer: Viewer, roleId: string): Promise<Role> {
    const role = await findRole(unit.tx, viewer.orgId, roleId);
    // An owner answers for the organization, and the last one cannot leave: that is for people.
    if (role.id === 'OWNER') throw badInput('input.roleId', 'A service account cannot be an owner.');
    if (!mayAssign(viewer, role)) throw forbidden('That role allows more than you may do yourself.');
    return role;
  }

  private tell(
    unit: SystemUnit,
    context: RequestContext,
    type: IdentityEventType,
    payload: Record<string, unknown>,
  ): Promise<void> {
    return emitEvent(unit, context, type, { orgId: requireViewer(context.viewer).orgId, payload });
  }
}
