import { readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';

/** PostgreSQL listens here only. */
export const HOST = '127.0.0.1';

/** Listens on a port for a moment; undefined when the port is taken. 0 stands for any free port. */
async function tryPort(port: number): Promise<number | undefined> {
  const server = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false)).listen(port, HOST, () => resolve(true));
  });
  if (!isFree) return undefined;
  const found = (server.address() as AddressInfo).port;
  await new Promise((resolve) => server.close(resolve));
  return found;
}

const locate = (home: string) => path.join(home, 'port');

/**
 * The port of the last start, so that what was set up against it still fits; another when that one is taken.
 * @param home The folder that remembers it.
 */
export async function choosePort(home: string): Promise<number> {
  const kept = Number.parseInt(await readFile(locate(home), 'utf8').catch(() => ''), 10);
  const port = (kept > 0 ? await tryPort(kept) : undefined) ?? (await tryPort(0));
  if (port === undefined) throw new Error(`No port is free on ${HOST}.`);
  await writeFile(locate(home), `${port}\n`);
  return port;
}

/** Makes the next choice a fresh one: the port was taken between the choice and its use. */
export const forgetPort = (home: string): Promise<void> => rm(locate(home), { force: true });
