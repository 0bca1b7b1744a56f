import './node-version.mjs';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runOnTerminal } from './command.mjs';
import { exitWith } from './failure.mjs';
import { prepare, ROOT } from './prepare.mjs';
import { note, print } from './print.mjs';

// Tests load the TypeScript sources; those that start a server as its own process run it from dist/.
await prepare().catch(exitWith);

const args = process.argv.slice(2);
const folder = mkdtempSync(path.join(tmpdir(), 'parley-test-'));
const report = path.join(folder, 'report.json');
const reporters = args.some((arg) => arg.startsWith('--reporter')) ? [] : ['--reporter=default'];
const code = await runOnTerminal(
  process.execPath,
  [
    path.join(ROOT, 'node_modules/vitest/vitest.mjs'),
    'run',
    ...reporters,
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  ],
  { cwd: ROOT },
);
try {
  /** @type {{numPassedTests: number, numFailedTests: number, numPendingTests: number, testResults: {status: string, assertionResults: {status: string}[]}[]}} */
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  // A file that cannot even be loaded has failed without a failed test.
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  print(`${numPassedTests} passed, ${numFailedTests + brokenFiles.length} failed, ${numPendingTests} skipped`);
} catch {
  note('Vitest ended without a report.');
}
rmSync(folder, { recursive: true, force: true });
process.exitCode = code;
