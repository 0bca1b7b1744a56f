import type { SystemUnit } from '#core/database/transaction';
import { forbidden, notFound } from '#core/error';
import { isId } from '#core/id';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import { can, requireViewer } from '#core/viewer';
import { ERASED_NAME } from '../account/user.presenter.ts';
import { emitEvent } from '../identity-event.ts';
import { mayRemove } from '../member/member.policy.ts';
import { lockMemberships, requireAnotherOwner } from '../member/membership-lock.ts';
import { roleOf } from '../role/role.ts';
import { revokeSessions } from '../session/session-revocation.ts';

/** Takes people out of an organization with everything that says who they were. */
export class ErasureService {
  constructor(private readonly kernel: Pick<Kernel, 'transactions' | 'bus'>) {}

  /**
   * Erases somebody from the viewer's organization, and his account where it belongs to no other. Doing it again changes
   * nothing. @returns whether the account went as well.
   * @throws ParleyError `NOT_FOUND`, `FORBIDDEN`, or `CONFLICT` for the last owner.
   */
  async erase(context: RequestContext, { userId }: { userId: string }): Promise<boolean> {
    const viewer = requireViewer(context.viewer);
    const { orgId } = viewer;
    const oneself = userId === viewer.userId;
    if (oneself && viewer.credential.kind !== 'SESSION') throw forbidden('Log in to erase yourself: a key cannot.');
    if (!oneself && !can(viewer, 'members:manage')) throw forbidden('This needs the permission members:manage.');
    if (!isId(userId)) throw notFound('person');
    return this.kernel.transactions.system(async (unit) => {
      const { tx } = unit;
      await lockMemberships(tx, orgId);
      const where = { orgId, userId };
      const member = await tx.membership.findFirst({ where, include: { customRole: true } });
      const former = await tx.formerMember.findFirst({ where });
      const user = await tx.user.findFirst({ where: { id: userId, kind: 'HUMAN' } });
      if (!user || (!member && !former)) throw notFound('person');
      if (former?.erasedAt && !member) return user.name === ERASED_NAME && user.disabledAt !== null;
      if (member) {
        if (!oneself && !mayRemove(viewer, roleOf(member))) throw forbidden('That person may do more than you may.');
        if (member.builtInRole === 'OWNER') await requireAnotherOwner(tx, orgId, userId);
        await tx.membership.delete({ where: { id: member.id } });
      }
      const erased = { erasedAt: new Date() };
      await tx.formerMember.upsert({ where: { orgId_userId: where }, create: { ...where, ...erased }, update: erased });
      await this.eraseTraces(unit, orgId, userId, user.email);
      const accountErased = await this.eraseAccount(unit, userId);
      await emitEvent(unit, { ...context, client: { ip: null, userAgent: null } }, 'user.erased', {
        orgId,
        payload: { userId, accountErased },
      });
      return accountErased;
    });
  }

  /** What lets him in here, and what was noted of it. */
  private async eraseTraces(unit: SystemUnit, orgId: string, userId: string, email: string | null): Promise<void> {
    const { tx } = unit;
    await tx.apiKey.deleteMany({ where: { orgId, principalId: userId } });
    await revokeSessions(unit, this.kernel.bus, { orgId, userId }, 'MEMBER_REMOVED');
    await tx.session.updateMany({ where: { orgId, userId }, data: { ip: null, userAgent: null } });
    if (email) await tx.invitation.deleteMany({ where: { orgId, email } });
    // That something happened stays, and when; who he was does not.
    await tx.$executeRaw`
      UPDATE outbox_events SET
        payload = CASE WHEN payload->>'userId' = ${userId} OR payload->>'ownerId' = ${userId} OR payload->>'email' = ${email}
                       THEN (payload - 'name' - 'email') - CASE WHEN type = 'user.updated' THEN ARRAY['before', 'after'] ELSE '{}' END
                       ELSE payload END,
        actor = CASE WHEN actor->>'userId' = ${userId} THEN actor - 'ip' - 'userAgent' ELSE actor END
      WHERE org_id = ${orgId}::uuid
        AND (payload->>'userId' = ${userId} OR payload->>'ownerId' = ${userId} OR payload->>'email' = ${email}
             OR actor->>'userId' = ${userId})`;
  }

  /** The account, once it belongs nowhere. Its row stays under its id: what he wrote has an author. */
  private async eraseAccount({ tx }: SystemUnit, userId: string): Promise<boolean> {
    await tx.$queryRaw`SELECT 1 FROM users WHERE id = ${userId}::uuid FOR UPDATE`;
    if ((await tx.membership.count({ where: { userId } })) > 0) return false;
    await tx.externalIdentity.deleteMany({ where: { userId } });
    await tx.user.update({
      where: { id: userId },
      data: {
        name: ERASED_NAME,
        email: `${userId}@erased.invalid`,
        emailVerifiedAt: null,
        passwordHash: null,
        disabledAt: new Date(),
      },
    });
    return true;
  }
}
