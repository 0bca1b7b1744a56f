const steps: (() => Promise<unknown>)[] = [];

/** Does something after the file's tests, the last one first. May be called at any time, also from within a hook. */
export const atFileEnd = (step: () => Promise<unknown>): void => void steps.push(step);

/** For the hook behind every file. One that fails does not keep the others from being done. @throws what the first met */
export async function endFile(): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps.splice(0).reverse()) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
