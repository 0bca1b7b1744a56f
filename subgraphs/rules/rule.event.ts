import { newId } from '#core/id';
import type { OutboxEventInput } from '#core/outbox/event';
import { currentRequest } from '#core/request-context';
import type { Viewer } from '#core/viewer';

/** What happens to rules, for whoever reacts to it or reads the record of it. */
export type RuleEventType =
  | 'rule.created'
  | 'rule.updated'
  | 'rule.rolled_back'
  | 'rule.enabled'
  | 'rule.disabled'
  | 'rule.deleted';

/** Ids, names, numbers and paths: what rules look for may be private. */
export interface RuleEventPayload {
  ruleId: string;
  name: string;
  stage: string;
  /** The number of the version, after the change. */
  version: number;
  /** The paths of what changed. */
  changed?: string[];
  /** The version that a roll back brought back. */
  restoredFrom?: number;
}

/** An event by this viewer, in the current request. */
export function ruleEvent(viewer: Viewer, type: RuleEventType, payload: RuleEventPayload): OutboxEventInput {
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
