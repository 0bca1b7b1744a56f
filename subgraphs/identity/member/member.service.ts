import type { ScopedTransaction } from '#core/database/scoped-client';
import type { ScopedUnit } from '#core/database/transaction';
import { forbidden, notFound } from '#core/error';
import type { PageArgs } from '#core/graphql/pagination';
import { isId } from '#core/id';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { publishViewerChange } from '#core/viewer-change';
import type { CustomRole, Membership } from '#prisma/generated/client';
import { type CreatedPage, readCreatedPage } from '../created-page.ts';
import { emitEvent } from '../identity-event.ts';
import { findRole, type Role, roleColumns, roleOf } from '../role/role.ts';
import { requirePerson } from '../session/session.policy.ts';
import type { UserRow } from '../session/session-opener.ts';
import { revokeSessions } from '../session/session-revocation.ts';
import { mayChangeRole, mayRemove } from './member.policy.ts';
import { lockMemberships, requireAnotherOwner } from './membership-lock.ts';

/** A membership with whom and what it couples. */
export type MemberRow = Membership & { user: UserRow; customRole: CustomRole | null };

export interface MemberList {
  page: CreatedPage;
  rows: MemberRow[];
  count: () => Promise<number>;
}

/** People only: service accounts have a list and mutations of their own. */
const PEOPLE = { user: { kind: 'HUMAN' } } as const;
const WITH_USER_AND_ROLE = { user: true, customRole: true } as const;

/** Shows who belongs to the organization, and changes it. */
export class MemberService {
  constructor(private readonly kernel: Pick<Kernel, 'database' | 'transactions' | 'bus'>) {}

  /** @throws ParleyError `FORBIDDEN` for another organization than the one that the viewer works in. */
  async list(context: RequestContext, orgId: string, args: PageArgs): Promise<MemberList> {
    if (requireViewer(context.viewer).orgId !== orgId)
      throw forbidden('Switch to this organization to see its members.');
    const page = readCreatedPage(args, 'asc');
    const { take, orderBy, beyond } = page;
    const { membership } = this.kernel.database.scoped;
    const rows = await membership.findMany({
      where: { AND: [PEOPLE, beyond] },
      include: WITH_USER_AND_ROLE,
      take,
      orderBy,
    });
    return { page, rows, count: async () => membership.count({ where: PEOPLE }) };
  }

  /** @throws ParleyError `NOT_FOUND`, `FORBIDDEN`, or `CONFLICT` for the last owner. */
  async changeRole(context: RequestContext, input: { memberId: string; roleId: string }): Promise<MemberRow> {
    const viewer = requireViewer(context.viewer);
    return this.kernel.transactions.scoped(async (unit) => {
      await lockMemberships(unit.tx, viewer.orgId);
      const member = await this.find(unit.tx, input.memberId);
      const from = roleOf(member);
      const to = await findRole(unit.tx, viewer.orgId, input.roleId);
      if (!mayChangeRole(viewer, from, to)) throw forbidden(beyondReach(from, to));
      if (from.id === 'OWNER' && to.id !== 'OWNER') {
        await requireAnotherOwner(unit.tx, viewer.orgId, member.userId);
      }
      const { userId } = member;
      await emitEvent(unit, context, 'member.role_changed', {
        orgId: viewer.orgId,
        payload: { userId, from: from.id, to: to.id },
      });
      unit.afterCommit(() => publishViewerChange(this.kernel.bus, { orgId: viewer.orgId, userId }));
      return unit.tx.membership.update({
        where: { id: member.id },
        data: roleColumns(to),
        include: WITH_USER_AND_ROLE,
      });
    });
  }

  /** Returns the id of the membership that is no more. @throws ParleyError `NOT_FOUND`, `FORBIDDEN`, or `CONFLICT`. */
  async remove(context: RequestContext, { memberId }: { memberId: string }): Promise<string> {
    const viewer = requireViewer(context.viewer);
    return this.kernel.transactions.scoped(async (unit) => {
      await lockMemberships(unit.tx, viewer.orgId);
      const member = await this.find(unit.tx, memberId);
      if (!mayRemove(viewer, roleOf(member))) throw forbidden(beyondReach(roleOf(member)));
      await this.part(unit, context, member, 'member.removed');
      return member.id;
    });
  }

  /** Returns the id of the organization that was left. @throws ParleyError `CONFLICT` for the last owner. */
  async leave(context: RequestContext): Promise<string> {
    const viewer = requirePerson(context.viewer);
    return this.kernel.transactions.scoped(async (unit) => {
      await lockMemberships(unit.tx, viewer.orgId);
      const member = await unit.tx.membership.findFirst({
        where: { userId: viewer.userId },
        include: WITH_USER_AND_ROLE,
      });
      if (!member) throw notFound('member');
      await this.part(unit, context, member, 'member.left');
      return viewer.orgId;
    });
  }

  private async find(tx: ScopedTransaction, id: string): Promise<MemberRow> {
    const member = isId(id)
      ? await tx.membership.findFirst({ where: { id, ...PEOPLE }, include: WITH_USER_AND_ROLE })
      : null;
    if (!member) throw notFound('member');
    return member;
  }

  /** Everything that lets the user act in the organization ends with his membership; what he wrote keeps his name. */
  private async part(
    unit: ScopedUnit,
    context: RequestContext,
    member: MemberRow,
    type: 'member.removed' | 'member.left',
  ): Promise<void> {
    const { userId, orgId } = member;
    if (member.builtInRole === 'OWNER') await requireAnotherOwner(unit.tx, orgId, userId);
    await unit.tx.formerMember.createMany({ data: [{ orgId, userId }], skipDuplicates: true });
    await unit.tx.membership.delete({ where: { id: member.id } });
    await unit.tx.apiKey.updateMany({
      where: { principalId: userId, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    await revokeSessions(unit, this.kernel.bus, { userId, orgId }, 'MEMBER_REMOVED');
    await emitEvent(unit, context, type, { orgId, payload: { userId, roleId: roleOf(member).id } });
  }
}

const beyondReach = (...roles: Role[]): string =>
  roles.some(({ id }) => id === 'OWNER')
    ? 'Only an owner can make or unmake an owner.'
    : 'That role allows more than you may do yourself, so you can neither give nor take it.';
