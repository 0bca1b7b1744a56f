import './node-version.mjs';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { capture } from './command.mjs';
import { exitWith } from './failure.mjs';
import { prepare, ROOT } from './prepare.mjs';
import { print } from './print.mjs';

await prepare({ build: false }).catch(exitWith);

const TSC = 'node_modules/@typescript/native/bin/tsc';
const FOLDERS = ['core', 'gateway', 'subgraphs', 'server', 'client', 'web-admin', 'prisma', 'bin', 'test'];

/** @type {{name: string, args: string[]}[]} */
const checks = [
  { name: 'types', args: [TSC, '--noEmit'] },
  { name: 'types of the commands', args: [TSC, '--noEmit', '--project', 'bin'] },
  { name: 'format and lint', args: ['node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off'] },
  {
    name: 'dependency rules',
    args: [
      'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
      '--config=.dependency-cruiser.mjs',
      ...FOLDERS.filter((folder) => existsSync(path.join(ROOT, folder))),
    ],
  },
  { name: 'printed supergraph', args: ['bin/supergraph.mjs', '--check'] },
  { name: 'nothing of this machine', args: ['bin/repository-check.mjs'] },
];

const results = await Promise.all(
  checks.map(async ({ name, args }) => ({ name, ...(await capture(process.execPath, args, { cwd: ROOT })) })),
);
for (const { name, code, output } of results) {
  if (code === 0) print(`ok      ${name}`);
  else print(`FAILED  ${name}\n${output.trimEnd()}`);
}
process.exitCode = results.some(({ code }) => code !== 0) ? 1 : 0;
