import { newId } from '#core/id';
import type { OutboxEventInput } from '#core/outbox/event';
import { currentRequest } from '#core/request-context';
import type { Viewer } from '#core/viewer';
import type { MemoryRow } from './memory-row.ts';

/** What is done with blocks. What is written in them is in the revisions. */
export type MemoryEventType = 'memory.created' | 'memory.updated' | 'memory.deleted';

/** The agent at work in the viewer's name, and its run. */
interface AtWork {
  agentId: string;
  runId: string | null;
}

/** An event by this viewer, in the current request: ids and numbers only. */
export function memoryEvent(
  viewer: Viewer,
  type: MemoryEventType,
  block: MemoryRow,
  atWork?: AtWork,
): OutboxEventInput {
  const request = currentRequest();
  const { id: blockId, scope, subjectId, revision } = block;
  return {
    id: newId(),
    orgId: viewer.orgId,
    type,
    payload: { blockId, scope, subjectId, revision, ...(atWork?.runId && { runId: atWork.runId }) },
    actor: {
      userId: viewer.userId,
      credentialKind: viewer.credential.kind,
      credentialId: viewer.credential.id,
      ...(atWork && { agentId: atWork.agentId }),
      ...(request && { requestId: request.requestId, ip: request.client.ip }),
    },
  };
}
