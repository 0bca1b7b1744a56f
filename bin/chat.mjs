import './node-version.mjs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { exitWith } from './failure.mjs';
import { prepare, ROOT } from './prepare.mjs';

await prepare().catch(exitWith);
process.setSourceMapsEnabled(true);
// The client runs in this very process: signals and exit codes are its own.
const main = path.join(ROOT, 'dist/client/chat.js');
process.argv[1] = main;
await import(pathToFileURL(main).href);
