import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `condition` holds. The test's own time-out ends it otherwise. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}
