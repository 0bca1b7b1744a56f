import './node-version.mjs';
import path from 'node:path';
import { runOnTerminal } from './command.mjs';
import { exitWith } from './failure.mjs';
import { prepare, ROOT } from './prepare.mjs';

await prepare({ build: false }).catch(exitWith);
// From the sources: the migration is written beside the others, not into the build.
const script = path.join(ROOT, 'server/write-migration.ts');
const args = ['--conditions=parley-source', '--import', 'tsx', script, ...process.argv.slice(2)];
process.exit(await runOnTerminal(process.execPath, args, { cwd: ROOT }));
