import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from './failure.mjs';

const PATIENCE_MS = 10 * 60_000;

const isAlive = (/** @type {number} */ pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

const read = (/** @type {string} */ file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/** Takes the lock by hard link, which succeeds for one process only and shows the whole content at once. */
const take = (/** @type {string} */ file, /** @type {string} */ ticket) => {
  const own = `${file}.${process.pid}.${randomUUID()}`;
  writeFileSync(own, ticket);
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
};

/** Moves a dead process's lock away; a lock that somebody else took meanwhile is put back. */
const clear = (/** @type {string} */ file, /** @type {string} */ ticket) => {
  const aside = `${file}.${process.pid}.${randomUUID()}`;
  try {
    renameSync(file, aside);
    if (read(aside) !== ticket) linkSync(aside, file);
  } catch {
    // Another process was quicker: the caller looks again.
  }
  rmSync(aside, { force: true });
};

/**
 * Runs `work` while no other process on this machine runs work under the same lock file. A lock whose process is dead
 * is taken over at once.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {(pid: number) => void} [onWait] Told once when there is somebody to wait for.
 * @returns {Promise<T>}
 */
export async function withLock(file, work, onWait) {
  mkdirSync(path.dirname(file), { recursive: true });
  const ticket = `${process.pid} ${randomUUID()}`;
  const deadline = Date.now() + PATIENCE_MS;
  let waited = false;
  while (!take(file, ticket)) {
    const holder = read(file);
    const pid = Number.parseInt(holder ?? '', 10);
    if (holder !== undefined && !(pid > 0 && isAlive(pid))) {
      clear(file, holder);
      continue;
    }
    if (Date.now() > deadline) {
      throw new Failure(`Process ${pid} still prepares this folder after ten minutes: stop it, or delete ${file}.`);
    }
    if (!waited && holder !== undefined) onWait?.(pid);
    waited = true;
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    if (read(file) === ticket) rmSync(file, { force: true });
  }
}
