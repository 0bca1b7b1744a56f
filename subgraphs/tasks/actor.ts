import type { EventActor } from '#core/outbox/event';
import { currentRequest } from '#core/request-context';
import type { Viewer } from '#core/viewer';

/** Who causes an event: the viewer, through the request that is being served. */
export function actorOf(viewer: Viewer): EventActor {
  const request = currentRequest();
  return {
    userId: viewer.userId,
    credentialKind: viewer.credential.kind,
    credentialId: viewer.credential.id,
    ...(request && { requestId: request.requestId, ip: request.client.ip }),
  };
}
