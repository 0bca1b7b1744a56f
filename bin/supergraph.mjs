import './node-version.mjs';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { capture } from './command.mjs';
import { exitWith, Failure } from './failure.mjs';
import { prepare, ROOT } from './prepare.mjs';

const file = path.join(ROOT, 'supergraph.graphql');

/** Composes the subgraphs and writes what comes of it, without any server. */
const write = async (/** @type {string} */ target) => {
  const script = path.join(ROOT, 'server/print-supergraph.ts');
  const args = ['--conditions=parley-source', '--import', 'tsx', script, target];
  const { code, output } = await capture(process.execPath, args, { cwd: ROOT });
  if (code !== 0) throw new Failure('The subgraphs do not compose: mend what is said above.', output);
};

const check = async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'parley-supergraph-'));
  try {
    const fresh = path.join(folder, 'supergraph.graphql');
    await write(fresh);
    if (readFileSync(fresh, 'utf8') === readFileSync(file, 'utf8')) return;
    throw new Failure('supergraph.graphql is out of date: run `npm run supergraph`, and look at what has changed.');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

await prepare({ build: false }).catch(exitWith);
await (process.argv.includes('--check') ? check() : write(file)).catch(exitWith);
