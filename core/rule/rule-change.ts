import type { Bus } from '#core/bus/bus';

const CHANNEL = 'rules-changed';

/** Tells every process that the rules of an organization have changed: after the commit. */
export const publishRuleChange = (bus: Bus, orgId: string): void => bus.publish(CHANNEL, orgId);

export const onRuleChange = (bus: Bus, listener: (orgId: string) => void): Promise<() => void> =>
  bus.subscribe(CHANNEL, listener);
