import { readFileSync } from 'node:fs';

/** A second signal within this time, in milliseconds, is the first one again, by way of a parent process. */
const SAME_KEYPRESS_MS = 1_000;
/** What else there is to close may take so long, in milliseconds; then the process ends whatever is still under way. */
const MARGIN_MS = 15_000;

/**
 * Closes everything at the first SIGINT, SIGTERM or SIGHUP, and ends at once at the second.
 * @param graceMs How long `close` lets go on what is under way, in milliseconds; asked when the time has come.
 */
export function stopOnSignal(close: () => Promise<void>, graceMs: () => number): void {
  let first = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (first > 0) {
      if (Date.now() - first > SAME_KEYPRESS_MS) process.exit(1);
      return;
    }
    first = Date.now();
    const how = signal === 'SIGINT' ? 'Stopping. Ctrl-C again stops at once' : 'Told to stop';
    process.stdout.write(`\n${how}; replies that are being written end, or go on at the next start.\n`);
    setTimeout(() => process.exit(1), graceMs() + MARGIN_MS).unref();
    close().then(
      () => {
        process.stdout.write('Parley has stopped.\n');
        process.exit(0);
      },
      (error: unknown) => {
        process.stderr.write(`Not everything was closed cleanly: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  if (!isKept()) process.on('SIGHUP', onSignal);
  // The terminal may be the one that has gone.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

/** Whether `nohup` or the like lets this process outlive its terminal: listening would undo that. */
function isKept(): boolean {
  try {
    const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return ignored !== undefined && (BigInt(`0x${ignored}`) & 1n) === 1n;
  } catch {
    // Elsewhere than on Linux, `nohup` leaves no terminal to write to.
    return !process.stdout.isTTY;
  }
}
