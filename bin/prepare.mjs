import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pendingSteps, runSteps } from './build-steps.mjs';
import { generate, isGenerated } from './generate.mjs';
import { install, isInstalled } from './install.mjs';
import { withLock } from './lock.mjs';
import { note } from './print.mjs';

/** The folder of package.json. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Makes a checkout ready to run: packages, database client, and the build. Each part is skipped when what it is made
 * from has not changed; when nothing has, nothing is written, so a read-only checkout that is ready stays usable.
 * Several processes may call it at once: they take turns.
 * @param {{build?: boolean, quiet?: boolean, root?: string}} [options] `build: false` leaves out `dist/`; `quiet` prints
 *   nothing but failures.
 * @returns {Promise<{installed: boolean, generated: boolean, built: string[]}>} What had to be done.
 */
export async function prepare({ build = true, quiet = false, root = ROOT } = {}) {
  const say = (/** @type {string} */ line) => {
    if (!quiet) note(line);
  };
  const stepsToRun = async () => (build ? await pendingSteps(root) : []);
  const isReady = isInstalled(root) && isGenerated(root) && (await stepsToRun()).length === 0;
  if (isReady) return { installed: false, generated: false, built: [] };

  const work = async () => {
    const installed = !isInstalled(root);
    if (installed) await install(root, say);
    const generated = !isGenerated(root);
    if (generated) await generate(root, say);
    const steps = await stepsToRun();
    if (steps.length > 0) {
      say('Building …');
      await runSteps(root, steps);
    }
    return { installed, generated, built: steps.map(({ name }) => name) };
  };
  return await withLock(path.join(root, 'dist', '.lock'), work, (pid) =>
    say(`Waiting for process ${pid}, which prepares this folder …`),
  );
}
