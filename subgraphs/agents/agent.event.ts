import { newId } from '#core/id';
import type { OutboxEventInput } from '#core/outbox/event';
import { currentRequest } from '#core/request-context';
import type { Viewer } from '#core/viewer';

/** What happens to agents, for whoever reacts to it or reads the record of it. */
export type AgentEventType =
  | 'agent.created'
  | 'agent.draft_updated'
  | 'agent.draft_discarded'
  | 'agent.published'
  | 'agent.rolled_back'
  | 'agent.archived'
  | 'agent.restored';

/** Ids and numbers only: instructions are long and may be private. */
export interface AgentEventPayload {
  agentId: string;
  /** Of the draft, after the change. */
  revision?: number;
  /** The paths that an edit changed. */
  changed?: string[];
  versionId?: string;
  number?: number;
  /** The number of the version that a roll back brought back. */
  restoredFrom?: number;
  /** The agent that a new one was copied from. */
  copiedFrom?: string;
}

/** An event by this viewer, in the current request. */
export function agentEvent(viewer: Viewer, type: AgentEventType, payload: AgentEventPayload): OutboxEventInput {
  const request = currentRequest();
  return {
    id: newId(),
    orgId: viewer.orgId,
    type,
    payload: { ...payload },
    actor: {
      userId: viewer.userId,
      credentialKind: viewer.credential.kind,
      credentialId: viewer.credential.id,
      ...(request && { requestId: request.requestId, ip: request.client.ip }),
    },
  };
}
