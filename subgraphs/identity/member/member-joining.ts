import type { SystemUnit } from '#core/database/transaction';
import { conflict } from '#core/error';
import type { RequestContext } from '#core/request-context';
import { emitEvent } from '../identity-event.ts';
import type { RoleColumns } from '../role/role.ts';

/**
 * Makes a user a member, within a transaction.
 * @throws ParleyError `CONFLICT` where he is one already.
 */
export async function joinOrganization(
  unit: SystemUnit,
  context: RequestContext,
  { orgId, userId, role }: { orgId: string; userId: string; role: RoleColumns },
): Promise<void> {
  const { builtInRole, customRoleId } = role;
  const { count } = await unit.tx.membership.createMany({
    data: [{ orgId, userId, builtInRole, customRoleId }],
    skipDuplicates: true,
  });
  if (count === 0) throw conflict('This account belongs to the organization already.');
  await unit.tx.formerMember.deleteMany({ where: { orgId, userId } });
  await emitEvent(unit, context, 'member.joined', {
    orgId,
    payload: { userId, roleId: builtInRole ?? customRoleId },
  });
}
