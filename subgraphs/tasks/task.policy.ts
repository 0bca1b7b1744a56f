import { can, type Viewer } from '#core/viewer';

/** What decides about a task: where it belongs and on whose behalf it is. */
export interface TaskFactsOf {
  orgId: string;
  createdById: string;
}

const isOwn = (viewer: Viewer, task: TaskFactsOf): boolean => task.createdById === viewer.userId;

/** Whoever it is for, and whoever manages all of them: what a task is given, and what came of it, is theirs. */
export const canReadTask = (viewer: Viewer, task: TaskFactsOf): boolean =>
  task.orgId === viewer.orgId && (can(viewer, 'tasks:manage') || (isOwn(viewer, task) && can(viewer, 'tasks:read')));

/** To cancel it, or to begin again what of it is dead. */
export const canChangeTask = (viewer: Viewer, task: TaskFactsOf): boolean =>
  task.orgId === viewer.orgId && (can(viewer, 'tasks:manage') || (isOwn(viewer, task) && can(viewer, 'tasks:write')));
