import { note } from './print.mjs';

// Imported first by every command: it stops with one sentence on a Node that is too old for the packages.
const NEEDED = { major: 20, minor: 19 };

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NEEDED.major || (major === NEEDED.major && minor < NEEDED.minor)) {
  note(
    `Parley needs Node ${NEEDED.major}.${NEEDED.minor} or newer, and this is ${process.versions.node}: install a newer Node and try again.`,
  );
  process.exit(1);
}
