const steps: (() => Promise<unknown>)[] = [];

/** Does something after the file's tests, the last one first. May be called at any time, also from within a hook. */
export const atFileEnd = (step: () => Promise<unknown>): void => void steps.push(step);

/** For the hook behind every file. */
export async function endFile(): Promise<void> {
  for (const step of steps.splice(0).reverse()) await step();
}
