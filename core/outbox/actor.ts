import { currentRequest } from '#core/request-context';
import type { EventActor } from './event.ts';

/**
 * Who causes an event in an organization: whoever is named, else the viewer of the current request; with the request, and
 * where it came from, as far as they are not given.
 */
export function actorOf(orgId: string, named: EventActor | undefined): EventActor | undefined {
  const request = currentRequest();
  if (!request) return named;
  const { viewer, requestId, client } = request;
  const from = { requestId, ip: client.ip, userAgent: client.userAgent };
  if (named) return { ...from, ...named };
  if (viewer?.orgId !== orgId) return undefined;
  return { userId: viewer.userId, credentialKind: viewer.credential.kind, credentialId: viewer.credential.id, ...from };
}
