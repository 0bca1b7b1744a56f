import type { Bus } from '#core/bus/bus';

const CHANNEL = 'outbox';

/** Tells the relays of all processes that a commit has left events behind. Lost, it costs a second or two: they look on their own. */
export const announceEvents = (bus: Bus): void => bus.publish(CHANNEL, '');

export const onEvents = (bus: Bus, listener: () => void): Promise<() => void> => bus.subscribe(CHANNEL, listener);
