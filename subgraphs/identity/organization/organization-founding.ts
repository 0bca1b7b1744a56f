import type { SystemUnit } from '#core/database/transaction';
import { newId } from '#core/id';
import type { EventActor } from '#core/outbox/event';
import type { RequestContext } from '#core/request-context';
import type { Organization } from '#prisma/generated/client';
import { emitEvent } from '../identity-event.ts';

/** Makes an organization with its first owner, within a transaction. */
export async function foundOrganization(
  unit: SystemUnit,
  context: RequestContext,
  {
    name,
    ownerId,
    actor,
  }: { name: string; ownerId: string; actor?: Pick<EventActor, 'userId' | 'credentialKind' | 'credentialId'> },
): Promise<Organization> {
  const id = newId();
  const organization = await unit.tx.organization.create({ data: { id, name } });
  await unit.tx.membership.create({ data: { orgId: id, userId: ownerId, builtInRole: 'OWNER' } });
  await emitEvent(unit, context, 'organization.created', {
    orgId: id,
    payload: { organizationId: id, name, ownerId },
    ...(actor && { actor }),
  });
  return organization;
}
