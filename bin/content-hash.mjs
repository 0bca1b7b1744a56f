import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', '.git', '.parley', 'coverage']);

/**
 * Every file under the given files and folders, sorted; what does not exist is left out.
 * @param {string} root
 * @param {string[]} inputs Paths relative to `root`.
 * @returns {string[]} Paths relative to `root`, with forward slashes.
 */
export function listFiles(root, inputs) {
  /** @type {string[]} */
  const found = [];
  const visit = (/** @type {string} */ relative) => {
    const stat = statSync(path.join(root, relative), { throwIfNoEntry: false });
    if (stat?.isFile()) found.push(relative);
    if (!stat?.isDirectory() || SKIPPED_FOLDERS.has(path.basename(relative))) return;
    for (const name of readdirSync(path.join(root, relative))) visit(`${relative}/${name}`);
  };
  for (const input of inputs) visit(input);
  return found.sort();
}

/**
 * A hash of names and contents, so that neither a fresh clone nor a touched file looks like a change.
 * @param {string} root
 * @param {string[]} files Paths relative to `root`.
 * @returns {string}
 */
export function hashFiles(root, files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = readFileSync(path.join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
