import type { RawTransaction, Unit } from '#core/database/transaction';
import { matchesType } from '#core/event/catalog';
import { newId } from '#core/id';
import { dataOf, type Recorded } from '../log/event-recorder.ts';

/**
 * Has an event delivered to each webhook that wants it, as a step of its recording: what is to be delivered is durable with
 * the record. Those of a webhook that is paused wait.
 */
export function webhookStep(dispatch: (orgId: string, deliveryId: string) => void) {
  return async (recorded: Recorded, { tx, afterCommit }: Unit<RawTransaction>): Promise<void> => {
    const { event, read, webhooks } = recorded;
    const { orgId, type } = event;
    // What is not in the catalog has nothing to tell.
    if (read.version === 0) return;
    const wanting = webhooks.filter(
      ({ types, includesRooms }) =>
        types.some((pattern) => matchesType(pattern, type)) && (includesRooms || read.conversationId === null),
    );
    if (wanting.length === 0) return;
    const body = bodyOf(recorded);
    for (const { id: webhookId } of wanting) {
      const id = newId();
      await tx.$executeRaw`
        INSERT INTO webhook_deliveries (id, org_id, webhook_id, message_id, type, body)
        VALUES (${id}::uuid, ${orgId}::uuid, ${webhookId}::uuid, ${event.id}, ${type}, ${body})`;
      afterCommit(() => dispatch(orgId, id));
    }
  };
}

/** What is sent of an event: the fields of Standard Webhooks, with the event's own. */
function bodyOf({ event, read, seq }: Recorded): string {
  const { id, orgId, type, createdAt, actor } = event;
  return JSON.stringify({
    id,
    type,
    version: read.version,
    timestamp: createdAt.toISOString(),
    organizationId: orgId,
    seq,
    actor: actor ? { userId: actor.userId, agentId: actor.agentId ?? null } : null,
    subject: read.subjectKind ? { kind: read.subjectKind, id: read.subjectId } : null,
    conversationId: read.conversationId,
    data: dataOf(read),
  });
}
