import type { Bus } from '#core/bus/bus';

const channelOf = (runId: string): string => `run-cancel:${runId}`;

/** Wakes the worker that has the run. What counts is the run's row: a worker that misses this sees it within seconds. */
export const announceCancel = (bus: Bus, runId: string): void => bus.publish(channelOf(runId), '');

export const onCancel = (bus: Bus, runId: string, listener: () => void): Promise<() => void> =>
  bus.subscribe(channelOf(runId), listener);
