import './node-version.mjs';
import { exitWith } from './failure.mjs';
import { prepare } from './prepare.mjs';

await prepare().catch(exitWith);
