import { forbidden } from '#core/error';
import { isId } from '#core/id';
import type { Prisma } from '#prisma/generated/client';

/**
 * The organization that a session is to be in: the one asked for, else the one that the user was in last.
 * @throws ParleyError `FORBIDDEN` where he is a member of neither.
 */
export async function chooseOrganization(
  tx: Pick<Prisma.TransactionClient, 'membership' | 'session'>,
  userId: string,
  wanted: string | null,
): Promise<string> {
  if (wanted !== null) {
    const membership = isId(wanted) ? await tx.membership.findFirst({ where: { userId, orgId: wanted } }) : null;
    if (!membership) throw forbidden('This account does not belong to that organization.');
    return membership.orgId;
  }
  const latest = await tx.session.findFirst({
    where: { userId, organization: { memberships: { some: { userId } } } },
    orderBy: { lastSeenAt: 'desc' },
  });
  if (latest) return latest.orgId;
  const eldest = await tx.membership.findFirst({ where: { userId }, orderBy: { createdAt: 'asc' } });
  if (!eldest) throw forbidden('This account belongs to no organization any more: open an invitation to join one.');
  return eldest.orgId;
}
