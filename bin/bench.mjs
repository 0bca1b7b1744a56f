import './node-version.mjs';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { runOnTerminal } from './command.mjs';
import { exitWith } from './failure.mjs';
import { prepare, ROOT } from './prepare.mjs';

// `npm run bench` runs every benchmark, `npm run bench -- reply-lag` those whose name holds the word.
await prepare({ build: false }).catch(exitWith);

const folder = path.join(ROOT, 'test/bench');
const wanted = process.argv[2] ?? '';
for (const file of readdirSync(folder).filter((name) => name.endsWith('.bench.ts') && name.includes(wanted))) {
  const args = ['--conditions=parley-source', '--import', 'tsx', path.join(folder, file)];
  const code = await runOnTerminal(process.execPath, args, { cwd: ROOT });
  if (code !== 0) process.exit(code);
}
