/** A second signal within this time, in milliseconds, is the first one again, by way of a parent process. */
const SAME_KEYPRESS_MS = 1_000;
/** Beyond it the process ends whatever is still under way. */
const STOP_WITHIN_MS = 30_000;

/** Closes everything at the first SIGINT or SIGTERM, and ends at once at the second. */
export function stopOnSignal(close: () => Promise<void>): void {
  let first = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (first > 0) {
      if (Date.now() - first > SAME_KEYPRESS_MS) process.exit(1);
      return;
    }
    first = Date.now();
    process.stdout.write(
      `\n${signal === 'SIGINT' ? 'Stopping' : 'Told to stop'}; running replies end or are put down. Again to stop at once.\n`,
    );
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`Not everything was closed cleanly: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}
