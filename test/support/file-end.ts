import { afterAll } from 'vitest';

const steps: (() => Promise<unknown>)[] = [];

/** Does something after the file's tests, the last one first. May be called at any time, also from within a hook. */
export const atFileEnd = (step: () => Promise<unknown>): void => void steps.push(step);

// Vitest takes a hook only while it collects the file's tests, which is when this module is loaded.
afterAll(async () => {
  for (const step of steps.splice(0).reverse()) await step();
}, 60_000);
