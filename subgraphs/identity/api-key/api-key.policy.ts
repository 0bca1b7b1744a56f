import type { Permission } from '#core/permission';
import { can, type Viewer } from '#core/viewer';
import { holdsAll } from '../role/role.policy.ts';

/** Whom a key acts as. */
export interface Principal {
  id: string;
  kind: 'HUMAN' | 'SERVICE';
}

const manages = (viewer: Viewer, principal: Principal): boolean =>
  (principal.id === viewer.userId && can(viewer, 'api_keys:manage')) ||
  (principal.kind === 'SERVICE' && can(viewer, 'service_accounts:manage'));

export const maySeeApiKey = (viewer: Viewer, principal: Principal): boolean =>
  manages(viewer, principal) || can(viewer, 'api_keys:manage_all');

export const mayRevokeApiKey = maySeeApiKey;

/** Nobody makes a key that acts as another person. */
export const mayCreateApiKeyFor = manages;

/** Whether the viewer may hand on what the key will be able to do. */
export const mayHandOn = (viewer: Viewer, permissions: readonly Permission[]): boolean => holdsAll(viewer, permissions);

/** `maySeeApiKey` as a condition on rows. */
export function visibleApiKeys(viewer: Viewer) {
  if (can(viewer, 'api_keys:manage_all')) return {};
  return {
    OR: [
      ...(can(viewer, 'api_keys:manage') ? [{ principalId: viewer.userId }] : []),
      ...(can(viewer, 'service_accounts:manage') ? [{ principal: { kind: 'SERVICE' as const } }] : []),
    ],
  };
}
