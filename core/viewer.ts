import { forbidden, unauthenticated } from './error.ts';
import type { Permission } from './permission.ts';

/** What the caller showed to be let in. `id` is the session's or the API key's, for revocation. */
export interface Credential {
  kind: 'SESSION' | 'API_KEY';
  id: string;
  /** Milliseconds since the epoch; null where it does not expire by itself. */
  expiresAt: number | null;
}

/**
 * Who is asking, and in which organization. Made by the gateway from a credential, carried to the subgraphs, never
 * taken from input. `permissions` are already narrowed to the scopes of the credential.
 */
export interface Viewer {
  userId: string;
  userKind: 'HUMAN' | 'SERVICE';
  orgId: string;
  /** The name of a built-in role, or the id of a custom one. */
  role: string;
  permissions: readonly Permission[];
  credential: Credential;
}

export const can = (viewer: Viewer | null | undefined, permission: Permission): boolean =>
  viewer?.permissions.includes(permission) ?? false;

/** @throws ParleyError `UNAUTHENTICATED` without a viewer. */
export function requireViewer(viewer: Viewer | null | undefined): Viewer {
  if (!viewer) throw unauthenticated();
  return viewer;
}

/** @throws ParleyError `UNAUTHENTICATED` without a viewer, `FORBIDDEN` where it lacks the permission. */
export function requirePermission(viewer: Viewer | null | undefined, permission: Permission): Viewer {
  const known = requireViewer(viewer);
  if (!can(known, permission)) throw forbidden(`This needs the permission ${permission}.`);
  return known;
}
