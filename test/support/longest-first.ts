import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Where tests wait for processes, leases and clocks: they take longest, and leave the processor to others meanwhile. */
const WAITING = /\/test\/(fault|process)\//;

/** Runs first what takes longest, so that no worker is left with it in the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const waits = ({ moduleId }: TestSpecification) => WAITING.test(moduleId);
    return [...sorted.filter(waits), ...sorted.filter((file) => !waits(file))];
  }
}
