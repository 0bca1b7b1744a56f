import { forbidden } from '#core/error';
import { can, requireViewer, type Viewer } from '#core/viewer';

interface SessionOwner {
  userId: string;
  orgId: string;
}

/** A session is its owner's, in whatever organization it is, and those who manage sessions see the others of theirs. */
export const maySeeSession = (viewer: Viewer, session: SessionOwner): boolean =>
  session.userId === viewer.userId || (session.orgId === viewer.orgId && can(viewer, 'sessions:manage_all'));

export const mayRevokeSession = maySeeSession;

export const isPerson = (viewer: Viewer): boolean => viewer.credential.kind === 'SESSION';

/**
 * The viewer, who has logged in as himself. What concerns the account as a whole is closed to API keys: their scopes
 * would mean nothing if they could change the password or start sessions.
 * @throws ParleyError `UNAUTHENTICATED`, or `FORBIDDEN` for an API key.
 */
export function requirePerson(viewer: Viewer | null): Viewer {
  const known = requireViewer(viewer);
  if (!isPerson(known)) throw forbidden('This needs a log-in: it cannot be done with an API key.');
  return known;
}
