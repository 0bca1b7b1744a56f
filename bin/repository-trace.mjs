import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { listFiles } from './content-hash.mjs';

/**
 * @typedef {object} Machine
 * @property {string[]} folders Absolute paths that mean something on this machine alone: of the checkout, of the user.
 * @property {string | undefined} registry The address of the package registry that this machine uses.
 */

const PUBLIC_REGISTRY = 'registry.npmjs.org';

/** What is made here and not kept. */
const MADE = ['prisma/generated/', '.env'];

/** Text that says where a file was made. One segment such as `/app` is a word that may stand anywhere. */
const tracesOf = (/** @type {Machine} */ { folders, registry }) => {
  const host = registry && URL.canParse(registry) ? new URL(registry).host : '';
  const named = folders.filter((folder) => folder.split(path.sep).length > 2);
  return host && host !== PUBLIC_REGISTRY ? [...named, host] : named;
};

/**
 * What in a checkout would not be true on another machine: a lock file that names a registry, so that packages are looked
 * for at an address that others cannot reach, and files that name a folder or a registry of this machine.
 * @param {string} root
 * @param {Machine} machine
 * @returns {string[]} One sentence each.
 */
export function findTraces(root, machine) {
  const found = [];
  const lock = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  if (/"resolved": "https?:/.test(lock)) {
    found.push('package-lock.json names the host of a registry: write it with the .npmrc of this repository.');
  }
  const traces = tracesOf(machine);
  const files = listFiles(root, readdirSync(root)).filter((file) => !MADE.some((made) => file.startsWith(made)));
  for (const file of files) {
    const content = readFileSync(path.join(root, file), 'utf8');
    for (const trace of traces) {
      if (content.includes(trace)) found.push(`${file} names ${trace}, which is of this machine alone.`);
    }
  }
  return found;
}
