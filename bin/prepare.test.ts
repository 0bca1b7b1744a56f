import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const CHECKOUT = fileURLToPath(new URL('..', import.meta.url));

/** A checkout in small: the real commands, and a project of its own around them. */
let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'parley-prepare-'));
  await cp(path.join(CHECKOUT, 'bin'), path.join(root, 'bin'), {
    recursive: true,
    filter: (file) => !file.includes(`${path.sep}bin${path.sep}build${path.sep}`) && !file.endsWith('.test.ts'),
  });
  await write('package.json', JSON.stringify({ name: 'small', type: 'module', dependencies: { part: 'file:part' } }));
  await write('part/package.json', JSON.stringify({ name: 'part', version: '1.0.0' }));
  await write('package-lock.json', JSON.stringify(lockOf('1.0.0')));
});

afterEach(() => rm(root, { recursive: true, force: true }));

const lockOf = (version: string) => ({
  name: 'small',
  lockfileVersion: 3,
  requires: true,
  packages: {
    '': { name: 'small', dependencies: { part: 'file:part' } },
    'node_modules/part': { resolved: 'part', link: true },
    part: { version },
  },
});

const write = async (file: string, text: string) => {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
};

const read = (file: string) => readFile(path.join(root, file), 'utf8');

const CALL =
  "import('./bin/prepare.mjs').then(({ prepare }) => prepare()).then((done) => console.log(JSON.stringify(done)))";

/** Prepares in a process of its own, as every command does. */
const prepareOnce = async () => {
  const { stdout, stderr } = await run(process.execPath, ['-e', CALL], { cwd: root });
  return { ...(JSON.parse(stdout) as { installed: boolean; built: string[] }), said: stderr };
};

const touch = async (file: string) => await utimes(path.join(root, file), new Date(), new Date(Date.now() + 60_000));

/** A build step that notes each run, so that runs can be counted. */
const countingStep = `
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
export const inputs = ['core'];
export async function build({ root, out }) {
  appendFileSync(root + '/runs', 'x');
  await sleep(300);
  writeFileSync(out + '/answer.txt', readFileSync(root + '/core/answer.txt'));
}`;

const withCountingStep = async () => {
  await write('core/answer.txt', 'one');
  await write('bin/build/answer.mjs', countingStep);
};

describe('packages', () => {
  beforeEach(() => mkdir(path.join(root, 'bin/build'), { recursive: true }));

  it('are installed once, whatever the times of files say', async () => {
    expect(await prepareOnce()).toMatchObject({
      installed: true,
      said: expect.stringContaining('Installing packages'),
    });
    expect(await prepareOnce()).toMatchObject({ installed: false, said: '' });
    await touch('package-lock.json');
    expect(await prepareOnce()).toMatchObject({ installed: false });
  });

  it('are installed again after the lock has changed, and after an install that was cut off', async () => {
    await prepareOnce();
    await write('part/package.json', JSON.stringify({ name: 'part', version: '1.0.1' }));
    await write('package-lock.json', JSON.stringify(lockOf('1.0.1')));
    expect(await prepareOnce()).toMatchObject({ installed: true });
    await rm(path.join(root, 'node_modules/.package-lock.json'));
    expect(await prepareOnce()).toMatchObject({ installed: true });
  });

  it('that were installed on another kind of machine are installed again', async () => {
    await prepareOnce();
    const foreign = { version: '1.0.0', os: ['none'], optional: true };
    for (const file of ['package-lock.json', 'node_modules/.package-lock.json']) {
      const lock = JSON.parse(await read(file));
      lock.packages['node_modules/foreign'] = foreign;
      await write(file, JSON.stringify(lock));
    }
    expect(await prepareOnce()).toMatchObject({ installed: true });
    expect(await prepareOnce()).toMatchObject({ installed: false });
  });

  it("show npm's output when they cannot be installed, and no stack", async () => {
    await write('package.json', JSON.stringify({ name: 'small', dependencies: { part: 'file:elsewhere' } }));
    const failed = run(process.execPath, ['bin/start.mjs'], { cwd: root });
    await expect(failed).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/npm (error|ERR!)/) });
    await expect(failed).rejects.toMatchObject({
      stderr: expect.stringMatching(/The packages could not be installed: look at what npm says above[^\n]*\n$/),
    });
  });
});

describe('the build', () => {
  it('runs again only when the content of a source changes or its output is gone', async () => {
    await withCountingStep();
    expect(await prepareOnce()).toMatchObject({ built: ['answer.mjs'] });
    await touch('core/answer.txt');
    expect(await prepareOnce()).toMatchObject({ built: [] });
    await write('core/answer.txt', 'two');
    expect(await prepareOnce()).toMatchObject({ built: ['answer.mjs'] });
    expect(await read('dist/answer.txt')).toBe('two');
    await rm(path.join(root, 'dist/answer.txt'));
    expect(await prepareOnce()).toMatchObject({ built: ['answer.mjs'] });
  });

  it('is made once by several processes that start at once', async () => {
    await withCountingStep();
    const results = await Promise.all([prepareOnce(), prepareOnce(), prepareOnce()]);
    expect(results.filter(({ installed }) => installed)).toHaveLength(1);
    expect(results.filter(({ built }) => built.length > 0)).toHaveLength(1);
    expect(await read('runs')).toBe('x');
    expect(await readdir(path.join(root, 'dist'))).not.toContain('.lock');
  });

  it('is not held up by a process that was killed while it prepared', async () => {
    await withCountingStep();
    const killed = spawn(process.execPath, ['-e', CALL], { cwd: root });
    await expect.poll(() => read('runs').catch(() => ''), { timeout: 30_000 }).toBe('x');
    killed.kill('SIGKILL');
    await new Promise((resolve) => killed.once('close', resolve));
    expect(await readdir(path.join(root, 'dist'))).toContain('.lock');
    expect(await prepareOnce()).toMatchObject({ built: ['answer.mjs'] });
    expect(await read('dist/answer.txt')).toBe('one');
  });

  it('compiles every source but tests, rewrites imports, copies assets and drops what has lost its source', async () => {
    for (const file of ['bin/build/compile.mjs', 'tsconfig.json', 'tsconfig.build.json']) {
      await cp(path.join(CHECKOUT, file), path.join(root, file));
    }
    await mkdir(path.join(root, 'node_modules'));
    for (const name of ['typescript', '@typescript']) {
      await symlink(path.join(CHECKOUT, 'node_modules', name), path.join(root, 'node_modules', name));
    }
    await write('node_modules/.package-lock.json', JSON.stringify({ packages: lockOf('1.0.0').packages }));
    await write('core/word.ts', 'export const word: string = "hello";');
    await write('core/word.test.ts', 'throw new Error();');
    await write('core/query.sql', 'select 1');
    await write('core/step/one/up.sql', 'select 1');
    await write(
      'server/main.ts',
      `import { word } from '../core/word.ts';
       const note = (target: object, name: string) => console.log(target.constructor.name, name);
       class Marked { @note mark() {} }
       const late = await import('../core/word.ts');
       console.log(word, late.word, typeof Marked, process.argv.slice(2).join());`,
    );
    await prepareOnce();
    expect((await readdir(path.join(root, 'dist/core'))).sort()).toEqual([
      'query.sql',
      'step',
      'word.js',
      'word.js.map',
    ]);
    expect(JSON.parse(await read('dist/core/word.js.map')).sources).toEqual(['../../core/word.ts']);
    const { stdout } = await run(process.execPath, ['bin/start.mjs', '--roles', 'gateway'], { cwd: root });
    expect(stdout).toBe('Marked mark\nhello hello function --roles,gateway\n');

    await rm(path.join(root, 'core/query.sql'));
    await rm(path.join(root, 'core/step'), { recursive: true });
    await prepareOnce();
    expect((await readdir(path.join(root, 'dist/core'))).sort()).toEqual(['word.js', 'word.js.map']);

    await write('core/word.ts', 'export const = ;');
    await expect(prepareOnce()).rejects.toMatchObject({ stderr: expect.stringMatching(/core\/word\.ts.*error TS/) });
  });
});

describe('npm start', () => {
  const ranBy = async (main: string, signal: NodeJS.Signals) => {
    await mkdir(path.join(root, 'bin/build'), { recursive: true });
    await write('dist/server/main.js', main);
    const child = spawn(process.execPath, ['bin/start.mjs'], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill(signal);
    return await new Promise((resolve) => child.once('close', (code, by) => resolve(code ?? by)));
  };

  it.each(['SIGINT', 'SIGTERM'] as const)('hands %s to the server and keeps its exit code', async (signal) => {
    const main = `process.once('${signal}', () => process.exit(7)); setInterval(() => {}, 1000); console.log('up');`;
    expect(await ranBy(main, signal)).toBe(7);
  });

  it('refuses an older Node in one sentence', async () => {
    const old = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.0' } })";
    const args = ['--import', `data:text/javascript,${encodeURIComponent(old)}`, 'bin/start.mjs'];
    await expect(run(process.execPath, args, { cwd: root })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Parley needs Node 20\.19 or newer, and this is 18\.20\.0: [^\n]+\n$/),
    });
  });
});
