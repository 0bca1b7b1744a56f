import type { RequestContext } from '#core/request-context';
import type { Viewer } from '#core/viewer';
import type { UserRow } from '../session/session-opener.ts';
import type { UserLoader } from './user.loaders.ts';
import { maySeeEmail } from './user.policy.ts';

/** The name of somebody who was erased. */
export const ERASED_NAME = 'Erased user';

export const presentUser = (user: UserRow, viewer: Viewer | null) => ({
  id: user.id,
  kind: user.kind,
  name: user.name,
  email: maySeeEmail(viewer, user) ? user.email : null,
  createdAt: user.createdAt,
});

/** A user who is known by id, read together with the others of the request when the field is asked for. */
export const presentUserById = (id: string, context: RequestContext, users: UserLoader) => async () => {
  const user = await users(context).load(id);
  return user && presentUser(user, context.viewer);
};
