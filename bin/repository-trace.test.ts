import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTraces } from './repository-trace.mjs';

describe('what a checkout gives away of the machine that it was made on', () => {
  let root: string;
  const machine = () => ({ folders: [root, '/app'], registry: 'http://packages.example:8080/npm/' });

  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'parley-traces-'));
    await writeFile(
      path.join(root, 'package-lock.json'),
      '{ "packages": { "node_modules/a": { "version": "1.0.0" } } }',
    );
    await mkdir(path.join(root, 'docs'));
    await writeFile(path.join(root, 'docs/page.md'), 'In a container the code lies in /app; see https://example.com.');
  });

  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it('is nothing as long as nothing names it', () => {
    expect(findTraces(root, machine())).toEqual([]);
  });

  it('is the registry in the lock file', async () => {
    const lock = { packages: { 'node_modules/a': { resolved: 'https://registry.npmjs.org/a/-/a-1.0.0.tgz' } } };
    await writeFile(path.join(root, 'package-lock.json'), JSON.stringify(lock, null, 2));
    expect(findTraces(root, machine())).toEqual([expect.stringMatching(/^package-lock\.json names the host/)]);
  });

  it('is a folder or a registry of this machine in any file', async () => {
    await writeFile(path.join(root, 'docs/page.md'), `cd ${root}/docs`);
    await writeFile(path.join(root, '.npmrc'), 'registry=http://packages.example:8080/npm/');
    expect(findTraces(root, machine()).sort()).toEqual([
      '.npmrc names packages.example:8080, which is of this machine alone.',
      `docs/page.md names ${root}, which is of this machine alone.`,
    ]);
  });

  it('is not the registry that everybody has', async () => {
    await writeFile(path.join(root, 'docs/page.md'), 'https://registry.npmjs.org');
    expect(findTraces(root, { folders: [], registry: 'https://registry.npmjs.org/' })).toEqual([]);
  });
});
