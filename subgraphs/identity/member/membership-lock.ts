import type { RawTransaction } from '#core/database/transaction';
import { conflict } from '#core/error';
import type { Prisma } from '#prisma/generated/client';

/**
 * Has changes of who belongs to an organization, and as what, take turns until the end of the transaction. Without it,
 * two owners who leave at the same time would each find the other one still there.
 */
export async function lockMemberships(tx: RawTransaction, orgId: string): Promise<void> {
  await tx.$queryRaw`SELECT id FROM organizations WHERE id = ${orgId}::uuid FOR NO KEY UPDATE`;
}

interface MembershipCounter {
  membership: { count(args: { where: Prisma.MembershipWhereInput }): PromiseLike<number> };
}

/**
 * To be called under the lock.
 * @throws ParleyError `CONFLICT` where the user is the last owner of the organization.
 */
export async function requireAnotherOwner(tx: MembershipCounter, orgId: string, userId: string): Promise<void> {
  const others = await tx.membership.count({
    where: { orgId, builtInRole: 'OWNER', userId: { not: userId }, user: { disabledAt: null } },
  });
  if (others === 0) {
    throw conflict('This is the last owner of the organization: make somebody else an owner first.');
  }
}
