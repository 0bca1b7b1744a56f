import { can, type Viewer } from '#core/viewer';

/** An e-mail address is personal: the person sees it, and those who have to do with members. */
export const maySeeEmail = (viewer: Viewer | null, user: { id: string }): boolean =>
  viewer?.userId === user.id || can(viewer, 'members:manage');
