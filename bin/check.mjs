import './node-version.mjs';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { capture } from './command.mjs';
import { exitWith } from './failure.mjs';
import { prepare, ROOT } from './prepare.mjs';
import { print } from './print.mjs';

await prepare({ build: false }).catch(exitWith);

const hasAny = (/** @type {string[]} */ files) => files.some((file) => existsSync(path.join(ROOT, file)));
const folders = ['core', 'gateway', 'subgraphs', 'server', 'client', 'test'].filter((folder) => hasAny([folder]));

/** @type {{name: string, args: string[], when?: boolean}[]} */
const checks = [
  { name: 'types', args: ['node_modules/@typescript/native/bin/tsc', '--noEmit'] },
  { name: 'format and lint', args: ['node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off'] },
  {
    name: 'dependency rules',
    args: ['node_modules/dependency-cruiser/bin/dependency-cruise.mjs', ...folders],
    when: hasAny(['.dependency-cruiser.js', '.dependency-cruiser.cjs', '.dependency-cruiser.mjs']),
  },
  {
    name: 'unused files and exports',
    args: ['node_modules/knip/bin/knip.js'],
    when: hasAny(['knip.json', 'knip.jsonc', 'knip.config.ts', 'knip.config.js']),
  },
];

const results = await Promise.all(
  checks
    .filter(({ when }) => when !== false)
    .map(async ({ name, args }) => ({ name, ...(await capture(process.execPath, args, { cwd: ROOT })) })),
);
for (const { name, code, output } of results) {
  if (code === 0) print(`ok      ${name}`);
  else print(`FAILED  ${name}\n${output.trimEnd()}`);
}
process.exitCode = results.some(({ code }) => code !== 0) ? 1 : 0;
