import type { Bus } from './bus/bus.ts';

const CHANNEL = 'viewer-changed';

/**
 * That what a caller may do has changed: a session or key was revoked, a role changed, a member left. Every part narrows
 * it down: an absent one means all of them.
 */
export interface ViewerChange {
  orgId?: string;
  userId?: string;
  credentialId?: string;
}

/** Tells every gateway, so that open sockets are looked at again at once and not only at the next regular look. */
export const publishViewerChange = (bus: Bus, change: ViewerChange): void =>
  bus.publish(CHANNEL, JSON.stringify(change));

export const onViewerChange = (bus: Bus, listener: (change: ViewerChange) => void): Promise<() => void> =>
  bus.subscribe(CHANNEL, (message) => listener(JSON.parse(message) as ViewerChange));
