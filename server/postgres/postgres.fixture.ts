import { startPostgres } from './start-postgres.ts';

/** Prints one JSON line for each thing that happens; SIGTERM stops PostgreSQL, SIGHUP ends without stopping it. */
const say = (event: object) => process.stdout.write(`${JSON.stringify(event)}\n`);

const [dataFolder = '', password = ''] = process.argv.slice(2);
const alive = setInterval(() => undefined, 60_000);
try {
  const postgres = await startPostgres({
    dataFolder,
    password,
    onLog: (line) => process.stderr.write(`${line}\n`),
    onExit: () => say({ event: 'exit' }),
    onRestart: () => say({ event: 'restart' }),
  });
  process.once('SIGHUP', () => process.exit(3));
  process.once('SIGTERM', async () => {
    await postgres.stop();
    clearInterval(alive);
    process.exitCode = 0;
  });
  const { url, port, adopted } = postgres;
  say({ event: 'ready', url, port, adopted });
} catch (error) {
  say({ event: 'failed', name: (error as Error).name, message: (error as Error).message });
  clearInterval(alive);
}
