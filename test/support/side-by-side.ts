import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Where tests wait for processes, leases, browsers and clocks: they leave the processor to others meanwhile. */
const WAITING = /\/test\/(fault|process)\/|\/server\/postgres\/|\/gateway\/explorer\/|worker-crash|outage/;

/** Spreads what waits over the run, so that something else is at work beside it. The longest come first. */
export class SideBySide extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const waits = ({ moduleId }: TestSpecification) => WAITING.test(moduleId);
    const [waiting, others] = [sorted.filter(waits), sorted.filter((file) => !waits(file))];
    const between = Math.floor(others.length / Math.max(1, waiting.length));
    const spread = waiting.flatMap((file) => [file, ...others.splice(0, between)]);
    return [...spread, ...others];
  }
}
