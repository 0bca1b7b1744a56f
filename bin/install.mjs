import { readFileSync } from 'node:fs';
import path from 'node:path';
import { capture } from './command.mjs';
import { Failure } from './failure.mjs';

/** @typedef {{version?: string, resolved?: string, integrity?: string, optional?: boolean, devOptional?: boolean, os?: string[], cpu?: string[]}} LockedPackage */

const packagesIn = (/** @type {string} */ file) => {
  try {
    /** @type {Record<string, LockedPackage>} */
    const packages = JSON.parse(readFileSync(file, 'utf8')).packages;
    return packages;
  } catch {
    return undefined;
  }
};

const fitsThisMachine = (/** @type {LockedPackage} */ entry) => {
  const allows = (/** @type {string[] | undefined} */ list, /** @type {string} */ value) =>
    !list || list.includes(value) || (list[0]?.startsWith('!') === true && !list.includes(`!${value}`));
  return allows(entry.os, process.platform) && allows(entry.cpu, process.arch);
};

/**
 * Whether `node_modules` holds what `package-lock.json` says. It reads the list that npm leaves at the end of an
 * install, so an interrupted install and one made on another kind of machine are both found out, and times of files
 * do not matter.
 * @param {string} root
 * @returns {boolean}
 */
export function isInstalled(root) {
  const wanted = packagesIn(path.join(root, 'package-lock.json'));
  const present = packagesIn(path.join(root, 'node_modules', '.package-lock.json'));
  if (!wanted || !present) return false;
  for (const [name, entry] of Object.entries(wanted)) {
    if (name === '') continue;
    const installed = present[name];
    // npm leaves out optional packages that do not fit the machine or could not be had.
    if (!installed && !entry.optional && !entry.devOptional) return false;
    if (installed && (installed.version !== entry.version || installed.integrity !== entry.integrity)) return false;
  }
  return Object.entries(present).every(([name, entry]) => name in wanted && fitsThisMachine(entry));
}

/**
 * Runs `npm ci`.
 * @param {string} root
 * @param {(line: string) => void} say
 */
export async function install(root, say) {
  say('Installing packages; the first time this takes about a minute …');
  // Development packages hold the compiler, so NODE_ENV=production must not leave them out.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const { code, output } = npm?.endsWith('.js')
    ? await capture(process.execPath, [npm, ...args], { cwd: root })
    : await capture('npm', args, { cwd: root });
  if (code !== 0) {
    throw new Failure('The packages could not be installed: look at what npm says above, then try again.', output);
  }
}
