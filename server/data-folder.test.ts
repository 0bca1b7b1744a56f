import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDataFolder } from './data-folder.ts';
import { type FixtureProcess, OTHER_USER, startFixture } from './process.fixture.ts';
import { StartError } from './start-error.ts';

const FIXTURE = fileURLToPath(new URL('./data-folder.fixture.ts', import.meta.url));
/** Root may write everywhere: what a normal user meets is tried as one. */
const canBeNormal = process.geteuid?.() !== 0 || OTHER_USER !== undefined;

let base: string;
let processes: FixtureProcess[];

beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'parley-data-'));
  await chmod(base, 0o755);
  processes = [];
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(processes.map((each) => each.end('SIGKILL')));
  await chmod(base, 0o755);
  await rm(base, { recursive: true, force: true });
});

const hold = async (folder: string, url = '', uid?: number) => {
  const fixture = startFixture(FIXTURE, [folder, url], uid);
  processes.push(fixture);
  return { fixture, said: JSON.parse(await fixture.nextLine()) as { held?: string; name?: string; message?: string } };
};

describe('making the folder', () => {
  it('makes it for its owner alone', async () => {
    const folder = await openDataFolder(path.join(base, 'a/b'));
    expect((await stat(folder.path)).mode & 0o777).toBe(0o700);
    await folder.close();
  });

  it('says what to do when a file is in its place', async () => {
    await writeFile(path.join(base, 'file'), '');
    await expect(openDataFolder(path.join(base, 'file'))).rejects.toThrow(
      /way of a file: move the file, or set PARLEY_DATA/,
    );
    await expect(openDataFolder(path.join(base, 'file/below'))).rejects.toThrow(StartError);
  });

  it.runIf(process.platform === 'linux')('says what to do where the system lets nobody make a folder', async () => {
    await expect(openDataFolder('/proc/parley/data')).rejects.toThrow(
      'The data folder /proc/parley/data cannot be made (ENOENT): set PARLEY_DATA to a folder that you may write to.',
    );
  });

  it.runIf(canBeNormal)('says what to do when the parent folder does not let one write', async () => {
    await chmod(base, 0o555);
    const { said } = await hold(path.join(base, 'data'), '', OTHER_USER);
    expect(said.name).toBe('StartError');
    expect(said.message).toMatch(/cannot be made \(EACCES\): set PARLEY_DATA/);
  });

  it.runIf(canBeNormal)('says what to do when the folder is not writable', async () => {
    const folder = path.join(base, 'data');
    await mkdir(folder, { mode: 0o500 });
    if (OTHER_USER !== undefined) await chown(folder, OTHER_USER, OTHER_USER);
    const { said } = await hold(folder, '', OTHER_USER);
    expect(said.message).toMatch(/is not writable \(EACCES\): set PARLEY_DATA/);
  });

  it.runIf(OTHER_USER !== undefined)('refuses a folder of another user', async () => {
    await mkdir(path.join(base, 'data'), { mode: 0o777 });
    const { said } = await hold(path.join(base, 'data'), '', OTHER_USER);
    expect(said.message).toMatch(/belongs to another user \(uid 0\)/);
  });
});

describe('holding the folder', () => {
  it('refuses a second server and names the first', async () => {
    const first = await hold(path.join(base, 'data'), 'http://localhost:4000');
    const second = await hold(path.join(base, 'data'));
    expect(second.said.name).toBe('StartError');
    expect(second.said.message).toContain(`process ${first.fixture.child.pid}, http://localhost:4000`);
  });

  it('refuses a second server that reaches the folder by another path', async () => {
    await hold(path.join(base, 'data'));
    await symlink(path.join(base, 'data'), path.join(base, 'link'));
    expect((await hold(path.join(base, 'link'))).said.message).toMatch(/already runs/);
  });

  it('is taken over at once after kill -9', async () => {
    const first = await hold(path.join(base, 'data'));
    await first.fixture.end('SIGKILL');
    const second = await hold(path.join(base, 'data'));
    expect(second.said.held).toBe(path.join(base, 'data'));
    expect(await readdir(path.join(base, 'data/run'))).toHaveLength(1);
  });

  it('is given back by close', async () => {
    const first = await openDataFolder(path.join(base, 'data'));
    await expect(openDataFolder(path.join(base, 'data'))).rejects.toThrow(/already runs/);
    await first.close();
    const second = await openDataFolder(path.join(base, 'data'));
    await second.close();
  });

  it('goes to exactly one of many that start at once', async () => {
    const folder = path.join(base, 'data');
    await mkdir(folder);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => openDataFolder(folder)));
    const held = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(held).toHaveLength(1);
    await Promise.all(held.map(({ value }) => value.close()));
  });

  it('goes to exactly one of several processes that start at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => hold(path.join(base, 'data'))));
    expect(outcomes.filter(({ said }) => said.held)).toHaveLength(1);
  });

  it('works where the path is too long for a socket', async () => {
    // The socket goes to the system's temporary folder then: here one that is cleared away.
    vi.stubEnv('TMPDIR', base);
    const folder = path.join(base, 'long-'.repeat(20), 'data');
    const first = await hold(folder, 'http://localhost:4000');
    expect(first.said.held).toBe(folder);
    expect((await hold(folder)).said.message).toMatch(/already runs .* http:\/\/localhost:4000/);
    await first.fixture.end('SIGKILL');
    expect((await hold(folder)).said.held).toBe(folder);
  });
});
