import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface BuildStep {
  build(context: { root: string; out: string }): Promise<void>;
}

/**
 * Runs the build step of the explorer.
 * @param out An empty folder, which stands for `dist/`.
 * @returns The folder that the server serves.
 */
export async function buildExplorer(out: string): Promise<string> {
  const step = (await import(new URL('../../bin/build/graphiql.mjs', import.meta.url).href)) as BuildStep;
  await step.build({ root: ROOT, out });
  return path.join(out, 'gateway/explorer/graphiql');
}

/** Brings `dist/` up to date, where a server that runs from its sources finds the page. */
export async function prepareExplorer(): Promise<void> {
  const { prepare } = (await import(new URL('../../bin/prepare.mjs', import.meta.url).href)) as {
    prepare(options: { quiet: boolean }): Promise<unknown>;
  };
  await prepare({ quiet: true });
}
