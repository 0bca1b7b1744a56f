import './node-version.mjs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { exitWith } from './failure.mjs';
import { prepare, ROOT } from './prepare.mjs';

await prepare().catch(exitWith);
await import(pathToFileURL(path.join(ROOT, 'dist/server/migrate.js')).href);
