import { newId } from '#core/id';
import type { OutboxEventInput } from '#core/outbox/event';
import { currentRequest } from '#core/request-context';
import type { Viewer } from '#core/viewer';
import type { MemoryRow } from './memory-row.ts';

/** What people do with blocks. What agents write is in the revisions, under their names. */
export type MemoryEventType = 'memory.created' | 'memory.updated' | 'memory.deleted';

/** An event by this viewer, in the current request: ids and numbers only. */
export function memoryEvent(viewer: Viewer, type: MemoryEventType, block: MemoryRow): OutboxEventInput {
  const request = currentRequest();
  const { id: blockId, scope, subjectId, revision } = block;
  return {
    id: newId(),
    orgId: viewer.orgId,
    type,
    payload: { blockId, scope, subjectId, revision },
    actor: {
      userId: viewer.userId,
      credentialKind: viewer.credential.kind,
      credentialId: viewer.credential.id,
      ...(request && { requestId: request.requestId, ip: request.client.ip }),
    },
  };
}
