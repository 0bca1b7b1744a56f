/** Asks the server in this container whether it is up: exit code 0 if so. For HEALTHCHECK, in an image without curl. */
const port = process.argv[2] ?? process.env.PORT ?? '4000';

try {
  const { ok } = await fetch(`http://127.0.0.1:${port}/healthz`);
  process.exitCode = ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
