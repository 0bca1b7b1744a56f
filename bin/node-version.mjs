import { note } from './print.mjs';

// Imported first by every command: it stops with one sentence on a Node that is too old for the packages.
const NEEDED = [20, 19];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  note(
    `Parley needs Node ${NEEDED.join('.')} or newer, and this is ${process.versions.node}: install a newer Node and try again.`,
  );
  process.exit(1);
}
