import './node-version.mjs';
import path from 'node:path';
import { runOnTerminal } from './command.mjs';
import { exitWith } from './failure.mjs';
import { prepare, ROOT } from './prepare.mjs';

await prepare({ build: false }).catch(exitWith);
process.exit(
  await runOnTerminal(
    process.execPath,
    [
      path.join(ROOT, 'node_modules/tsx/dist/cli.mjs'),
      'watch',
      '--clear-screen=false',
      '--conditions=parley-source',
      path.join(ROOT, 'server/main.ts'),
      ...process.argv.slice(2),
    ],
    { cwd: ROOT },
  ),
);
