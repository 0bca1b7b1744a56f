import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { hashFiles, listFiles } from './content-hash.mjs';

/**
 * A step of the build: a module in `bin/build/`.
 * @typedef {object} BuildStep
 * @property {string[]} inputs Files and folders, relative to the root, whose contents decide whether the step runs again.
 * @property {(context: {root: string, out: string}) => Promise<void>} build Writes into `out`, which stands for `dist/`
 *   and is empty at first. Each file belongs to one step. Throws a `Failure` that explains itself.
 */

/** @typedef {{hash: string, files: string[]}} Stamp */

const readStamp = (/** @type {string} */ file) => {
  if (!existsSync(file)) return undefined;
  /** @type {Stamp} */
  const stamp = JSON.parse(readFileSync(file, 'utf8'));
  return stamp;
};

/** Each file is renamed into its place, so that a server that runs from `dist/` never reads half a file. */
const moveInto = (/** @type {string} */ dist, /** @type {string} */ out, /** @type {string[]} */ files) => {
  for (const file of files) {
    mkdirSync(path.dirname(path.join(dist, file)), { recursive: true });
    renameSync(path.join(out, file), path.join(dist, file));
  }
};

/** With the folders that are empty then: one of a migration that there is no longer would be taken for one. */
const removeFrom = (/** @type {string} */ dist, /** @type {string} */ file) => {
  rmSync(path.join(dist, file), { force: true });
  for (let folder = path.dirname(file); folder !== '.'; folder = path.dirname(folder)) {
    if (!existsSync(path.join(dist, folder)) || readdirSync(path.join(dist, folder)).length > 0) return;
    rmdirSync(path.join(dist, folder));
  }
};

/**
 * The steps in `bin/build/*.mjs` whose inputs have changed or whose files are missing.
 * @param {string} root
 */
export async function pendingSteps(root) {
  const pending = [];
  const names = readdirSync(path.join(root, 'bin/build')).filter((name) => name.endsWith('.mjs'));
  for (const name of names.sort()) {
    /** @type {BuildStep} */
    const step = await import(pathToFileURL(path.join(root, 'bin/build', name)).href);
    const hash = hashFiles(root, listFiles(root, [`bin/build/${name}`, 'package-lock.json', ...step.inputs]));
    const stampFile = path.join(root, 'dist/.stamp', `${name}.json`);
    const stamp = readStamp(stampFile);
    const isDone = stamp?.hash === hash && stamp.files.every((file) => existsSync(path.join(root, 'dist', file)));
    if (!isDone) pending.push({ name, step, hash, stampFile, earlierFiles: stamp?.files ?? [] });
  }
  return pending;
}

/**
 * Runs the given steps and removes from `dist/` what they no longer make. The caller holds the lock.
 * @param {string} root
 * @param {Awaited<ReturnType<typeof pendingSteps>>} steps
 */
export async function runSteps(root, steps) {
  const dist = path.join(root, 'dist');
  const out = path.join(dist, '.next');
  for (const { step, hash, stampFile, earlierFiles } of steps) {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    await step.build({ root, out });
    const files = listFiles(out, readdirSync(out));
    rmSync(stampFile, { force: true });
    moveInto(dist, out, files);
    for (const file of earlierFiles) if (!files.includes(file)) removeFrom(dist, file);
    mkdirSync(path.dirname(stampFile), { recursive: true });
    writeFileSync(stampFile, JSON.stringify({ hash, files }));
  }
  rmSync(out, { recursive: true, force: true });
}
