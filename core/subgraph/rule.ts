import { allow, rule } from 'graphql-shield';
import type { Permission } from '#core/permission';
import type { RequestContext } from '#core/request-context';
import { can, requirePermission, requireViewer, type Viewer } from '#core/viewer';

/** A shield rule of what a check throws. Its verdict rests on the viewer alone, so there is nothing to gain from a cache. */
const checking = (check: (viewer: Viewer | null) => void) =>
  rule({ cache: 'no_cache' })((_parent: unknown, _args: unknown, context: RequestContext) => {
    try {
      check(context.viewer);
      return true;
    } catch (error) {
      // Thrown, it would become shield's own "Not Authorised!"; returned, it keeps its code.
      return error as Error;
    }
  });

/** Anybody, also without a credential. */
export const anyone = allow;

/** Whoever has shown a credential. */
export const authenticated = checking((viewer) => void requireViewer(viewer));

/** Whoever has the permission; which rows it covers is the service's to say. */
export const permitted = (permission: Permission) => checking((viewer) => void requirePermission(viewer, permission));

/** Whoever has the permission, and a person who has logged in himself and has the lesser one: a key does what it is for. */
export const permittedInPerson = (permission: Permission, lesser: Permission) =>
  checking((viewer) => {
    const known = requireViewer(viewer);
    requirePermission(known, known.credential.kind === 'SESSION' && can(known, lesser) ? lesser : permission);
  });

/** Whoever has one of the permissions. */
export const permittedAny = (...permissions: [Permission, ...Permission[]]) =>
  checking((viewer) => {
    const known = requireViewer(viewer);
    if (!permissions.some((permission) => known.permissions.includes(permission))) {
      requirePermission(known, permissions[0]);
    }
  });
